"""The words and sayings of English by which claims.py finds what is said to be done. Data only."""

from __future__ import annotations

from support_bot.chat.claim_phrases import OTHERS, Phrases

ENGLISH = Phrases(
    name="english",
    passive=r"(?:(?:has|have)(?: \w+ly| now| already| just| also)* been|'s been|was|were|(?:is|are) now being"
    r"|(?:is|are) (?:now|already)|got)(?: \w+ly| now| already| just| also)*",
    active=r"(?:i|we|(?:our|the) (?:staff|team|reviewers?|colleagues?)|they|system|he|she)(?: have| has|'ve)?"
    r"(?: \w+ly| now| already| just| also| gone ahead and)*",
    subjects={
        "request_refund": r"refund|reimbursement|repayment",
        "cancel_order": r"order|booking|ord-\d+|shipment|delivery|it|that|this|cancell?ation",
        "update_profile": r"phone|number(?! of)|e-?mail|address|name|street|city|postal code|profile|contact details"
        r"|details|account",
        "change_delivery": r"delivery (?:date|day|time|address|place|instructions?)|safe place|your delivery"
        r"|address (?:of|for) (?:the|your) (?:delivery|package|parcel)",
        "create_order": r"order|booking|delivery|shipment|pick-?up|parcel|package|courier|collection",
        "report_problem": r"report|claim|complaint|problem|issue|case|ticket",
        "schedule_callback": r"call ?-?back|phone call|call|appointment",
        "any": r"requests?|changes?|cancell?ation|update",
    },
    done={
        "request_refund": r"issued|processed|completed|paid(?: back| out)?|made|sent|returned|credited|granted|refunded"
        r"|reimbursed|transferred|executed|approved|authori[sz]ed|initiated|finali[sz]ed|released",
        "cancel_order": r"cancell?ed|called off|voided",
        "update_profile": r"changed|updated|set|corrected|replaced|saved|switched|modified",
        "change_delivery": r"rescheduled|changed|updated|moved|redirected|postponed|pushed|rerouted|saved|set",
        "create_order": r"booked|placed|created|arranged",
        "report_problem": r"filed|submitted|registered|opened|reported|logged",
        "schedule_callback": r"scheduled|booked|arranged|set up",
        "any": r"approved|authori[sz]ed|carried out|executed|completed|applied|granted|made|processed|finali[sz]ed"
        r"|signed off",
    },
    told={
        "request_refund": r"\b(?:able|managed) to (?:refund|issue|process)\b|\brefund(?: of [^,;]{1,20})?(?: is|:"
        r"|'s)? (?:now )?(?:completed?|done|approved|successful"
        r"|on its way)|\brefund\b.{0,30} went through|\byou(?:'ve| have) (?:now |already )?got(?:ten)? your money back"
        r"|\bmoney is (?:back|on its way)"
        r"|\b(?:money|amount|payment|\d{1,9}[.,]\d\d(?: ?(?:eur|euros?|€))?)(?: [\w.-]{1,20}){0,2}? (?:has been"
        r"|have been|'s been|was|were)(?: \w+ly| now| already| just)* (?:sent|put|paid|given|transferred"
        r"|wired) (?:back|out)"
        r"|\b(?:money|amount|payment)(?: [\w.-]{1,20}){0,2}? (?:has been|was)(?: \w+ly| now| already)* returned"
        r"|\b(?:i|we)(?: have|'ve)?(?: \w+ly| now| already| just)* put (?:through (?:your|the|a)(?: full)? refund"
        r"|(?:your|the|a)(?: full)? refund(?: of [^,;]{1,12})? through)"
        r"|\byour (?:full )?refund(?: of [^,;]{1,12})? is (?:processed|issued|paid(?: out| back)?|granted)(?!\s*\w)"
        r"|(?:money|amount|(?<!\d)\d{1,9}[.,]\d\d|\byou|order).{0,30}?(?:has been|have been|'ve been|was|were)"
        r"(?: \w+ly| now| already)? (?:refunded|reimbursed|paid back|given back|returned to you"
        r"|credited|transferred (?:back|to you))"
        r"|\b(?:i|we)(?: have|'ve)?(?: \w+ly| now| already| just)? (?:refunded|reimbursed|paid back|credited)"
        r"|\b(?:i|we)(?: have|'ve)?(?: \w+ly| now| already| just)? (?:paid|sent|returned|gave|given|transferred)"
        r".{0,30}(?:money|amount|\d{1,9}[.,]\d\d)",
        "cancel_order": r"\b(?:able|managed) to cancel\b|\byour (?:order|booking) is (?:now )?cancell?ed"
        r"|\bord-\d{1,12} is (?:now )?cancell?ed"
        r"|\bcancell?ation (?:is (?:complete|confirmed|done|through)|(?:has )?(?:gone|went) through)",
        "update_profile": r"\b(?:phone number|number|e-?mail(?: address)?|address|name) is now\b"
        r"|\b(?:able|managed) to (?:change|update) your (?:phone|e-?mail|address|name|profile|number)"
        r"|\byour (?:new )?(?:phone(?: number)?|number|e-?mail(?: address)?|address|name|profile) is (?:changed|updated"
        r"|saved)(?!\s*\w)",
        "change_delivery": r"\bdelivery (?:is now (?:on|set)|date is now)"
        r"|\byour delivery (?:address|date|day) is (?:changed|updated|moved|set) to\b"
        r"|^(?:your |the )?delivery (?:moved|rescheduled|redirected|rerouted) to\b"
        r"|\b(?:your|the) (?:parcel|package|shipment)(?: [\w-]{1,20})? (?:(?:has|have)(?: now| already| just)? been"
        r"|was|is now(?: being)?|is being)(?: \w+ly)? (?:rerouted|redirected|rescheduled)",
        "create_order": r"\b(?:order|booking|delivery) (?:is )?confirmed"
        r"|\b(?:pick-?up|courier|collection) is (?:now )?(?:booked|arranged|scheduled) (?:for|on|at|tomorrow)",
        "report_problem": r"\byour (?:report|claim|complaint|case|ticket) is (?:filed|registered|reported|logged"
        r"|submitted)",
        "schedule_callback": r"\bcall ?-?back is (?:now )?(?:scheduled|booked|arranged|confirmed|set(?: up)?)"
        r" (?:for|on|at|tomorrow|today)",
        "any": r"\b(?:it|this|that|everything) (?:has been|was|is now)(?: \w+ly| now| already)? (?:approved"
        r"|authori[sz]ed|carried out|signed off)|\bapproved by \w|\b(?:staff|team|reviewer|colleague|manager)"
        r"(?: have| has)?(?: \w+ly| now| already| just)? approved"
        r"|\b(?:request|change) is (?:approved|complete|done|in effect|live)\b"
        r"|\b(?:it|that|this)(?:'s| is) (?:all )?(?:done|taken care of|sorted|approved)\b|^(?:all )?done\b"
        r"|\bconsider (?:it|this|that) (?:done|handled|sorted|settled)\b|\b(?:change|request|update) (?:has )?(?:gone"
        r"|went) through\b",
    },
    open=r"not|\w+n't|never|no|none|nobody|nothing|cannot|unable|will|'ll|would|can|could|may|might|should|shall|must"
    r"|need|needs|needed|to be|yet|going to|about to|waits?|waiting|awaiting|pending|prepare[ds]?|asked|wants?|wanted"
    r"|wish(?:es)?|for example|please|how|reminder|still|ready|estimated|weather|carrier|attempt(?:ed)?|someone"
    r"|hope|normally|usually|always|often|typically|only|any|to confirm|for review|with our staff"
    r"|request for|draft|requested|noted|you can|by you"
    r"|being (?:processed|handled|checked|reviewed|looked)"
    rf"|by (?:(?:the|your|our|their|a|an|local|delivery) ){{0,2}}(?:{OTHERS})",
    conditions=r"once|then|means|if|when|whenever|until|till|unless|after|before|as soon as|whether|in case"
    r"|assuming|suppose|after"
    r" that|you (?:said|say|mention|mentioned|asked|wrote|told|think|believe|were told)|according to you|they claim"
    r"|claims|claimed|it says|note says|sender|message says",
    own=r"(?:your |the )?(?:new )?",
)
