"""The words and sayings of English by which claims.py finds what is said to be done. Data only."""

from __future__ import annotations

from support_bot.chat.claim_phrases import DAYS, OTHERS, Phrases

ENGLISH = Phrases(
    name="english",
    passive=r"(?:(?:has|have)(?: \w{1,12}){0,2}? been|was|were|(?:is|are) now being"
    r"|(?:is|are) (?:now|already)|got)(?: \w+ly| now| already| just| also)*",
    active=r"(?:i|we|(?:our|the) (?:staff|team|reviewers?|colleagues?)|they|system|he|she)(?: have| has|'ve)?"
    r"(?: \w+ly| now| already| just| also| gone ahead and)*",
    subjects={
        "request_refund": r"refund|reimbursement|repayment",
        "cancel_order": r"order|booking|ord-\d+|shipment|delivery|it|that|this|cancell?ation",
        "update_profile": r"phone|number(?! of)|e-?mail|address|name|street|city|postal code|profile|contact details"
        r"|details|account",
        "change_delivery": r"delivery (?:date|day|time|address|place|instructions?)|safe place|your delivery"
        r"|address (?:of|for) (?:the|your) (?:delivery|package|parcel)|(?:the |this )?delivery|drop-?off"
        r"|(?:time )?slot",
        "create_order": r"order|booking|delivery|shipment|pick-?up|parcel|package|courier|collection",
        "report_problem": r"report|claim|complaint|problem|issue|case|ticket",
        "schedule_callback": r"call ?-?back|phone call|call|appointment",
        "any": r"requests?|changes?|cancell?ation|update",
    },
    done={
        "request_refund": r"issued|processed|completed|paid(?: back| out)?|made|sent|returned|credited|granted"
        r"|refunded"
        r"|reimbursed|transferred|executed|approved|authori[sz]ed|initiated|finali[sz]ed|released",
        "cancel_order": r"cancell?ed|called off|voided",
        "update_profile": r"changed|updated|set|corrected|replaced|saved|switched|modified|swapped|amended|edited"
        r"|adjusted|brought up to date",
        "change_delivery": r"re-?scheduled|changed|updated|moved|re-?directed|postponed|pushed|re-?routed|saved"
        r"|set|switched|swapped|shifted"
        r"|brought forward|adjusted|amended|brought up to date|put (?:back|forward|off)",
        "create_order": r"booked|placed|created|arranged",
        "report_problem": r"filed|submitted|registered|opened|reported|logged|lodged|raised|recorded|escalated",
        "schedule_callback": r"scheduled|booked|arranged|set up",
        "any": r"approved|authori[sz]ed|carried out|executed|completed|applied|granted|made|processed|finali[sz]ed"
        r"|signed off",
    },
    told={
        "request_refund": r"\b(?:able|managed) to (?:refund|issue|process)\b|\b(?:money|refund"
        r"|\d{1,9}[.,]\d\d(?: ?(?:eur|euros?|€))?)(?: is| has)?"
        r"(?: now| already| safely| just)*"
        r" (?:landed|arrived|reached|in your account|back (?:in|on|with|to))|\brefund(?: of [^,;]{1,20})?(?: is|:"
        r"|'s)? (?:now )?(?:completed?|done|approved|successful"
        r"|on its way)|\brefund\b.{0,30} went through|\byou(?:'ve| have) (?:now "
        r"|already )?got(?:ten)? your money back"
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
        r"|credited|released|wired|transferred (?:back|to you))"
        r"|\b(?:i|we)(?: have|'ve)?(?: \w+ly| now| already| just)? (?:refunded|reimbursed|paid back|credited)"
        r"|\b(?:i|we)(?: have|'ve)?(?: \w+ly| now| already| just)? (?:paid|sent|returned|gave|given|transferred"
        r"|wired)"
        r".{0,30}(?:money|amount|(?:full|whole) (?:sum|price)|\d{1,9}[.,]\d\d)|\b(?:i|we) got (?:you )?(?:your "
        r"|the )?money back",
        "cancel_order": r"\b(?:took|taken) (?:your|the) (?:order|booking|pick-?up) off\b|\b(?:able"
        r"|managed) to cancel\b|\byour (?:order|booking|shipment|delivery|pick-?up"
        r"|courier) is (?:now )?cancell?ed"
        r"|\bord-\d{1,12} is (?:now )?cancell?ed"
        r"|\bcancell?ation (?:is (?:complete|confirmed|done|through)|(?:has )?(?:gone|went) through)",
        "update_profile": r"\b(?:phone number|number|e-?mail(?: address)?|address|(?:sur|last )?name|street|city"
        r"|postal code) is now\b"
        r"|\b(?:i|we)(?: have|'ve)?(?: \w+ly| now| already| just)* (?:put|entered|stored|added|keyed in"
        r"|typed in) (?:in )?(?:your"
        r"|the) new (?:phone|number|e-?mail|address|street|city|name)"
        r"|\b(?:profile|account|records?|file) now (?:shows?|has|have|lists?|reads?|says?|carr(?:y"
        r"|ies)) [^,;]{0,20}\b(?:new"
        r"|updated|right|correct|changed)\b"
        r"|\b(?:able|managed) to (?:change|update) your (?:phone|e-?mail|address|name|profile|number)"
        r"|\byour (?:new )?(?:phone(?: number)?|number|e-?mail(?: address)?|address|name|profile) is (?:changed"
        r"|updated"
        r"|saved)(?!\s*\w)",
        "change_delivery": r"\b(?:brought|put|pushed|moved|pulled|shifted) (?:your|the) (?:\w+ )?(?:delivery"
        r"|drop-?off|parcel|package)"
        r" (?:forward|back|off)\b|\bdelivery (?:is now (?:on|set)|(?:date|day|slot|address) is now)"
        r"|\bnew (?:delivery|drop-?off) (?:date|day|slot|time|address|place) (?:is|has been) (?:set|saved"
        r"|in place|booked|on file)"
        r"|\byour delivery (?:address|date|day) is (?:changed|updated|moved|set) to\b"
        r"|^(?:your |the )?delivery (?:moved|rescheduled|redirected|rerouted) to\b"
        r"|\b(?:your|the) (?:parcel|package|shipment)(?: [\w-]{1,20})? (?:(?:has|have)(?: now| already| just)? been"
        r"|was|is now(?: being)?|is being)(?: \w+ly)? (?:re-?routed|re-?directed|re-?scheduled)",
        "create_order": r"\b(?:order|booking|delivery) (?:is )?confirmed"
        r"|\b(?:pick-?up|courier|collection) is (?:now )?(?:booked|arranged|scheduled) (?:for|on|at|tomorrow)",
        "report_problem": r"\byour (?:report|claim|complaint|case|ticket) is (?:filed|registered|reported|logged"
        r"|submitted)",
        "schedule_callback": r"\byou(?:'re| are)(?: now| all)? (?:booked(?: in)?|down|scheduled|set) for (?:a|the"
        r"|your) (?:\w+ )?"
        r"call|\bcall ?-?back is (?:now )?(?:scheduled|booked|arranged|confirmed|set(?: up)?)"
        r" (?:for|on|at|tomorrow|today)",
        "any": r"\b(?:it|that|this|everything)(?: has| have)?(?: \w+ly| now| just| already)* (?:gone|went|come"
        r"|came) through"
        r"(?=\W*$| (?:without|fine|for you|just fine))|\bgave (?:its|his|her|their|the) (?:okay|ok|approval"
        r"|consent)\b"
        r"|\b(?:got|has|have|been given|given|gave|received) (?:\w+ ){0,2}(?:green light|go-ahead|all-clear)\b"
        r"|\b(?:it|this|that|everything) (?:has been|was|is now)(?: \w+ly| now| already)? (?:approved"
        r"|authori[sz]ed|carried out|signed off)|\b(?:approved|authori[sz]ed|signed off|granted) by \w"
        r"|\byou(?:'re| are) all set\b(?! to)|\b(?:staff|team|reviewer|colleague|manager|supervisor|boss"
        r"|team lead)(?: have| has)? (?:signed (?:\w+ )?off|okayed|granted)\b"
        r"|\b(?:staff|team|reviewer|colleague|manager|supervisor|boss|team lead)"
        r"(?: have| has)?(?: \w+ly| now| already| just)? approved"
        r"|\b(?:request|change) is (?:approved|complete|done|in effect|live)\b"
        r"|\b(?:it|that|this)(?:'s| is) (?:all )?(?:done|taken care of|sorted|approved)\b(?! by)"
        r"|^(?:all )?done\b(?! with)"
        r"|\bconsider (?:it|this|that) (?:done|handled|sorted|settled)\b|\b(?:change|request|update) (?:has )?(?:gone"
        r"|went) through\b",
    },
    open=r"not|\w+n't|never|no|none|nobody|nothing|cannot|unable|will|'ll|would|can|could|may|might|should|shall|must"
    r"|need|needs|needed|to be|yet|going to|about to|waits?|waiting|awaiting|pending|prepare[ds]?"
    r"|(?<!as you )asked|wants?|wanted"
    r"|wish(?:es)?|for example|please|how|reminder|still|ready|estimated|weather|carrier|attempt(?:ed)?|someone"
    r"|hope|normally|usually|always|often|typically|only|any|to confirm|for review|with our staff"
    r"|request for|draft|(?<!as )requested|noted|you can|by you|because of|due to|on the card|for you to"
    r"|being (?:processed|handled|checked|reviewed|looked)"
    rf"|by (?:(?:the|your|our|their|a|an|local|delivery) ){{0,2}}(?:{OTHERS})",
    conditions=r"i (?:understand|see|know)|once|then|means|if|when|whenever|until|till|unless|after|before"
    r"|as soon as|whether|in case"
    r"|assuming|suppose|after"
    r" that|(?<!as )you (?:said|say|mention|mentioned|asked|wrote|told|think|believe|were told)|according to you"
    r"|they claim"
    r"|claims|claimed|it says|note says|sender|message says",
    own=r"(?:your |the )?(?:new )?",
    deeds={
        "request_refund": r"(?:refund|reimbursement|repayment|chargeback)(?! requests?\b)(?: payment)?",
        "cancel_order": r"cancell?ation(?! (?:requests?|fees?|polic\w+)\b)",
        "change_delivery": r"(?:re-?scheduling|redirection|re-?routing|(?:delivery|date|time|slot) change)"
        r"|change (?:of|to|in) (?:the |your )?(?:delivery|drop-?off)(?: (?:address|date|day|time|place))?",
        "update_profile": r"(?:(?:phone|number|e-?mail|address|name|profile|account|contact)(?: (?:number|address"
        r"|details?))?"
        r" (?:change|update|correction))"
        r"|(?:change|update|correction) (?:of|to|in) (?:the |your )?(?:phone|number|e-?mail|address|name|profile"
        r"|account"
        r"|contact details)",
        "create_order": r"new (?:order|booking)",
        "report_problem": r"complaint|claim|problem report",
        "schedule_callback": r"call ?-?back",
        "any": r"changes?|requests?|updates?|modification|paperwork",
    },
    came_about=r"(?:(?:has|have|'s|'ve)(?: \w+ly| now| already| just| also| all)* (?:gone|come|made it) through"
    r"|(?:went|came|made it) through|cleared|(?:has|have)(?: now| already| just)* (?:succeeded|taken effect"
    r"|cleared)|succeeded"
    r"|took effect|(?:is|are|'s)(?: \w+ly| now| already| all| also)*"
    r" (?:through|done|complete|completed|finali[sz]ed|finished|settled|sorted|in place|in effect|effective|live|out"
    r"|successful|on (?:its|their) way|confirmed|behind us)"
    r"|(?:was|were|has been|have been)(?: \w+ly| now| already| just| all| also)* (?:successful|confirmed|actioned"
    r"|finali[sz]ed|executed|carried out|pushed through|put through|taken care of|sorted(?: out)?|handled|dealt with"
    r"|wrapped up|completed|settled|honou?red|signed off))",
    came_about_alone=r"done|complete|completed|successful|confirmed|finali[sz]ed|executed|sorted|settled|through"
    r"|carried out|taken care of|signed off|fulfilled|granted|accepted|in effect",
    alone={
        "request_refund": r"(?:fully )?(?:refunded|reimbursed|paid (?:you )?back|credited back)"
        r"|money(?: is)? (?:back|returned)",
        "cancel_order": r"cancell?ed|called off",
        "change_delivery": rf"(?:re-?scheduled|re-?directed|re-?routed|postponed)(?: to {DAYS}[^,;]{{0,20}})?"
        rf"|moved to {DAYS}[^,;]{{0,20}}",
        "update_profile": r"(?:changed|updated|corrected|saved)(?: (?:to|in|on) (?:your|the) [^,;]{1,30})?",
        "create_order": r"booked",
        "report_problem": r"reported|filed",
        "schedule_callback": r"call ?-?back (?:booked|arranged|set up)",
        "any": r"approved|authori[sz]ed|signed off|granted|sorted(?: out)?|settled|handled|taken care of|fixed"
        r"|dealt with|carried out|executed|actioned|wrapped up|done(?! by)(?: and dusted| deal)?|all (?:good|set"
        r"|sorted|done|fixed)",
    },
    adverbs=r"\w+ly|all|now|already|just|also|and|there|yes|ok(?:ay)?|great|perfect|right",
    tails=r"for you|on (?:my|our) (?:end|side)|as (?:you )?(?:asked|requested|agreed|discussed|wished|promised"
    r"|instructed)"
    r"|as per your \w+|\w+ly|now|already|just now|in full|by (?:our|my|the) (?:team|staff|supervisor|manager"
    r"|colleagues?)",
    infinitives={
        "request_refund": r"(?:refund|reimburse|pay (?:you )?back|return (?:the|your) money|credit)",
        "cancel_order": r"(?:cancel|call off|void)",
        "change_delivery": r"(?:reschedule|redirect|reroute|postpone"
        r"|(?:move|shift|push|change|switch)(?: \w+){0,2} (?:delivery|drop-?off|parcel|package|date|slot))",
        "update_profile": r"(?:(?:change|update|correct|replace|edit|amend)(?: \w+){0,2} (?:phone|number|e-?mail"
        r"|address"
        r"|name|profile|account|details))",
        "create_order": r"(?:book|place|create)(?: \w+){0,2} (?:order|booking|delivery|pick-?up|courier)",
        "report_problem": r"(?:file|report|open|log)(?: \w+){0,2} (?:problem|complaint|claim|case|ticket|report)",
        "schedule_callback": r"(?:schedule|book|arrange|set up)(?: \w+){0,2} call(?: ?-?back)?",
        "any": r"(?:get (?:it|this|that) (?:done|sorted|approved)|sort (?:it|this|that)(?: out)?|make the change"
        r"|push (?:it|this|that) through)",
    },
    achieved=r"(?:was|were|been) able to|managed to|succeeded in|got them to|have got them to",
    as_done=r"consider|treat|count|regard",
    did_it=r"changed|removed|deleted|switched|swapped|re-?booked",
    did=r"(?:took|taken|taking) care of|handled|dealt with|sorted(?: out)?|completed|processed|put through"
    r"|pushed through"
    r"|finali[sz]ed|confirmed|arranged|made|granted|approved|authori[sz]ed|executed|carried out|triggered|initiated"
    r"|issued|actioned|wrapped up|submitted and approved|gone ahead with|went ahead with|seen to",
    articles=r"the|your|this|that|a|an|full|complete|requested|all|of|whole",
    it=r"(?:it|that|this|everything|all(?: of (?:it|that|this))?|your request)(?:'s|'ve| is| are| has| have| was"
    r"| were)?(?: been)?",
)
