"""The words and sayings of German by which claims.py finds what is said to be done. Data only."""

from __future__ import annotations

from support_bot.chat.claim_phrases import OTHERS, Phrases

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
