"""How people say, in three languages, that something is done: the words by which claims.py finds it. Data only.

Another language is another `Phrases` at the end. `done` says that it happened, `subjects` what it happened to; `told`
are whole sayings. The words of `open` make a clause harmless, those of `conditions` also the clauses after them.
"""

from __future__ import annotations

from dataclasses import dataclass

# What a claim is about: the tools, and `any` for "it is approved".
ANY = "any"
KINDS = (
    "request_refund", "cancel_order", "change_delivery", "update_profile", "create_order", "report_problem",
    "schedule_callback", ANY,
)  # fmt: skip
# What is also said without a verb: "Phone number updated".
HEADLINES = frozenset({"request_refund", "cancel_order", "update_profile", "change_delivery", "schedule_callback"})
# Who may have done something to a delivery, and is not us: what they did is a record's news, no claim.
OTHERS = (
    r"drivers?|couriers?|carriers?|senders?|shippers?|sellers?|shops?|stores?|merchants?|recipients?|neighbou?rs?"
    r"|depots?|customs|postm[ae]n"
    r"|(?:zusteller|fahrer|kurier|absender|verkäufer|händler|empfänger|nachbar|spediteur)\w*|zustelldienst\w*"
    r"|paketdienst\w*|shops?|depots?|zoll"
    r"|transportistas?|repartidor(?:es|as?)?|conductor(?:es|as?)?|mensajer[oa]s?|remitentes?|vendedor(?:es|as?)?"
    r"|tiendas?|destinatari[oa]s?|vecin[oa]s?|depósitos?|aduanas?"
)


@dataclass(frozen=True, slots=True)
class Phrases:
    """Of one language. subjects, done: by kind, alternatives of a regular expression.

    passive: what stands between subject and participle ("has been"). active: what stands before it ("I have").
    own: what a headline begins with. participle_last: whether the object stands between `active` and the participle,
    as in German. impersonal: what begins a sentence with no doer ("se ha").
    """

    name: str
    passive: str
    active: str
    subjects: dict[str, str]
    done: dict[str, str]
    told: dict[str, str]
    open: str
    conditions: str
    own: str
    participle_last: bool = False
    impersonal: str = ""


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

GERMAN = Phrases(
    name="german",
    passive=r"(?:wurden?|ist|sind|(?:wird|werden) (?:jetzt|nun|gerade|soeben|hiermit|ab sofort))",
    active=r"(?:habe ich|haben wir|ich habe|wir haben|hat unser team|(?:unser team|die kollegin|der kollege) hat"
    r"|unsere mitarbeiter haben)",
    subjects={
        "request_refund": r"\w*erstattung|rückzahlung|geld|betrag|gutschrift|\d+[.,]\d\d|ihnen",
        "cancel_order": r"bestellung|auftrag|buchung|ord-\d+|sendung|sie|er|stornierung",
        "update_profile": r"\w*nummer|e-?mail(?:-adresse)?|adresse|anschrift|name|profil|daten|strasse|kontaktdaten",
        "change_delivery": r"liefer(?:termin|datum|tag|adresse|ort)|zustell\w*|ablageort|lieferung|zustellung",
        "create_order": r"bestellung|auftrag|buchung|sendung|abholung|lieferung",
        "report_problem": r"meldung|problem|schaden|reklamation|beschwerde|schadensmeldung|fall",
        "schedule_callback": r"rückruf|anruf|termin|telefonat",
        "any": r"anfrage|antrag|änderung(?:en)?|wunsch|stornierung|anliegen",
    },
    done={
        "request_refund": r"erstattet|zurückerstattet|überwiesen|zurückgezahlt|ausgezahlt|gutgeschrieben|genehmigt"
        r"|bewilligt|veranlasst|freigegeben|abgeschlossen|durchgeführt|erledigt"
        r"|angewiesen|angestossen|ausgelöst|zurücküberwiesen",
        "cancel_order": r"storniert|abbestellt|gekündigt|abgebrochen|rückgängig gemacht",
        "update_profile": r"geändert|aktualisiert|gespeichert|hinterlegt|ersetzt|korrigiert|angepasst",
        "change_delivery": r"verschoben|geändert|umgeleitet|aktualisiert|verlegt|gelegt|angepasst|hinterlegt|umgebucht",
        "create_order": r"gebucht|angelegt|beauftragt",
        "report_problem": r"gemeldet|erfasst|eingereicht|angelegt|aufgenommen|weitergeleitet",
        "schedule_callback": r"vereinbart|gebucht|eingetragen|angelegt|geplant|eingeplant",
        "any": r"genehmigt|bewilligt|ausgeführt|durchgeführt|umgesetzt|übernommen|freigegeben|abgeschlossen|vorgenommen"
        r"|erledigt",
    },
    told={
        "request_refund": r"erstattung ist (?:jetzt |nun |schon |bereits )?(?:durch(?!\s*\w)|abgeschlossen|erledigt"
        r"|unterwegs|genehmigt)|\bgeld ist (?:unterwegs|auf dem weg)"
        r"|\b(?:geld|betrag)\b.{0,30}\bzurück(?:geschickt|gesendet|gegeben|gebucht)\b",
        "cancel_order": r"\bstornierung (?:ist|wurde) (?:jetzt |nun |schon |bereits )?(?:durch(?!\s*\w)|bestätigt"
        r"|abgeschlossen|erledigt|veranlasst|durchgeführt)",
        "change_delivery": r"\b(?:paket|sendung)\b.{0,20}\b(?:wurde|ist|wird (?:jetzt|nun))\b.{0,40}\bumgeleitet\b",
        "update_profile": r"\b(?:telefonnummer|nummer|adresse|e-?mail-?adresse|name) (?:lautet|ist) (?:jetzt|nun|ab)",
        "any": r"\b(?:das|es|alles) ist (?:jetzt |nun |schon )?erledigt|^erledigt\b|\bgenehmigt von \w"
        r"|\b(?:änderung|anfrage|anliegen|antrag) ist (?:jetzt |nun |schon |bereits )?(?:durch(?!\s*\w)|veranlasst)",
    },
    open=r"nicht|nie|kein\w*|niemand|nichts|(?:wird|werden)(?! (?:jetzt|nun|gerade|soeben|hiermit|ab sofort)\b)"
    r"|würde\w*|kann|können|könnte\w*|dürfen|muss|müssen|soll\w*"
    r"|möchte\w*"
    r"|vorbereitet|wartet|warten|ausstehend|offen|bitte|noch|normalerweise|üblicherweise|immer|erst|bestätigen"
    r"|geschätzt\w*"
    r"|wetter\w*|beispiel|gern|karte|zur prüfung|an unsere mitarbeiter|zur freigabe|vom absender"
    rf"|(?:vom|von|durch|bei|beim)(?: \w{{1,12}}){{0,2}}? (?:{OTHERS})",
    conditions=r"sobald|wenn|falls|nachdem|bevor|ob|solange|danach|sie (?:sagten|schrieben|meinten|sagen|meinen)|laut"
    r"|angeblich|absender",
    own=r"(?:ihre?[nm]? |der |die |das )?(?:neue[rs]? )?",
    participle_last=True,
)

SPANISH = Phrases(
    name="spanish",
    passive=r"(?:(?:ya )?(?:ha|han) sido|fue|fueron|(?:ya )?está|(?:ya )?están|se ha|se han|quedó|ha quedado|quedan?)"
    r"(?: \w+mente| ya)*",
    active=r"(?:(?:ya )?(?:he|hemos)|nuestro (?:equipo|personal) ha|(?:le|te|se lo) (?:he|hemos))(?: \w+mente| ya)*",
    subjects={
        "request_refund": r"reembolso|devolución|dinero|importe|abono|\d+[.,]\d\d",
        "cancel_order": r"pedido|orden|reserva|ord-\d+|envío|cancelación|lo|la",
        "update_profile": r"teléfono|número|correo(?: electrónico)?|dirección|nombre|perfil|datos|calle",
        "change_delivery": r"(?:fecha|día|dirección|lugar) de (?:la )?entrega|entrega",
        "create_order": r"pedido|reserva|envío|recogida",
        "report_problem": r"informe|reclamación|queja|problema|incidencia|reporte",
        "schedule_callback": r"llamada|cita",
        "any": r"solicitud|cambios?|petición|cancelación",
    },
    done={
        "request_refund": r"realizad[oa]|procesad[oa]|emitid[oa]|aprobad[oa]|abonad[oa]s?|completad[oa]|devuelt[oa]s?"
        r"|reembolsad[oa]s?|hech[oa]|autorizad[oa]|transferid[oa]s?|tramitad[oa]",
        "cancel_order": r"cancelad[oa]|anulad[oa]",
        "update_profile": r"cambiad[oa]s?|actualizad[oa]s?|modificad[oa]s?|guardad[oa]s?|corregid[oa]s?",
        "change_delivery": r"cambiad[oa]|reprogramad[oa]|aplazad[oa]|actualizad[oa]|desviad[oa]|modificad[oa]",
        "create_order": r"reservad[oa]|cread[oa]|hech[oa]|realizad[oa]|confirmad[oa]",
        "report_problem": r"registrad[oa]|presentad[oa]|abiert[oa]|enviad[oa]|reportad[oa]",
        "schedule_callback": r"programad[oa]|agendad[oa]|confirmad[oa]|reservad[oa]|concertad[oa]",
        "any": r"aprobad[oa]s?|autorizad[oa]s?|realizad[oa]s?|completad[oa]s?|aplicad[oa]s?|ejecutad[oa]s?|hech[oa]s?",
    },
    told={
        "change_delivery": r"\b(?:paquete|envío) (?:ha sido|fue|se ha|está) (?:desviad|redirigid|reprogramad)o\b",
        "update_profile": r"\b(?:teléfono|número|correo|dirección|nombre) (?:ahora es|es ahora)\b",
        "any": r"^(?:ya está )?(?:listo|hecho)\b|\baprobad[oa] por \w",
    },
    open=r"no|nunca|ningun[oa]?|ningún|nadie|nada|será|serán|va a|van a|puede|pueden|podría\w*|debe|deben|todavía|aún"
    r"|pendiente|preparad[oa]|espera|esperando|por favor|normalmente|siempre|ejemplo|estimad[oa]|tiempo|tarjeta|quiere"
    rf"|por (?:(?:el|la|los|las|su|un|una) )?(?:{OTHERS})|del (?:{OTHERS})",
    conditions=r"cuando|si|una vez|después de|antes de|hasta|en cuanto|tras|usted (?:dijo|dice)|según|remitente",
    own=r"(?:su |tu |el |la )?(?:nuev[oa] )?",
    impersonal=r"se (?:les? |te )?(?:ha|han)(?: ya)?",
)

LANGUAGES = (ENGLISH, GERMAN, SPANISH)
