"""The words and sayings of German by which claims.py finds what is said to be done. Data only."""

from __future__ import annotations

from support_bot.chat.claim_phrases import DAYS, OTHERS, Phrases

GERMAN = Phrases(
    name="german",
    passive=r"(?:wurden?|ist|sind|(?:wird|werden) (?:jetzt|nun|gerade|soeben|hiermit|ab sofort))",
    active=r"(?:habe? ich|haben wir|ich habe?|wir haben|^hab(?:e|en)?(?! sie)|hat unser team|(?:unser team"
    r"|die kollegin|der kollege) hat"
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
        "cancel_order": r"storniert|abbestellt|gekündigt|abgebrochen|rückgängig gemacht|gelöscht|gestrichen",
        "update_profile": r"geändert|aktualisiert|gespeichert|hinterlegt|ersetzt|korrigiert|angepasst|umgestellt"
        r"|berichtigt|eingetragen|ausgetauscht|übernommen",
        "change_delivery": r"verschoben|geändert|umgeleitet|aktualisiert|verlegt|gelegt|angepasst|hinterlegt"
        r"|umgebucht|vorgezogen|umgestellt|getauscht|umgelegt",
        "create_order": r"gebucht|angelegt|beauftragt",
        "report_problem": r"gemeldet|erfasst|eingereicht|angelegt|aufgenommen|weitergeleitet",
        "schedule_callback": r"vereinbart|gebucht|eingetragen|angelegt|geplant|eingeplant",
        "any": r"genehmigt|bewilligt|ausgeführt|durchgeführt|umgesetzt|übernommen|freigegeben|abgeschlossen"
        r"|vorgenommen"
        r"|erledigt",
    },
    told={
        "request_refund": r"erstattung ist (?:jetzt |nun |schon |bereits )?(?:durch(?!\s*\w)|abgeschlossen|erledigt"
        r"|unterwegs|genehmigt)|\bsie haben (?:jetzt |nun |schon |bereits )*(?:ihr|das) geld (?:jetzt |nun "
        r"|schon |bereits )*(?:zurück|wieder)\b"
        r"|\bgeld ist (?:unterwegs|auf dem weg)"
        r"|\b(?:geld|betrag|erstattung) ist (?:jetzt |nun |schon |bereits |wieder )*(?:auf ihrem konto|zurück"
        r"|bei ihnen"
        r"|eingegangen)\b|\b(?:geld|betrag)\b.{0,30}\bzurück(?:geschickt|gesendet|gegeben|gebucht)\b",
        "cancel_order": r"\bstornierung (?:vorgenommen|veranlasst|durchgeführt|abgeschlossen)\b"
        r"|\bstornierung (?:ist|wurde) (?:jetzt |nun |schon |bereits )?(?:durch(?!\s*\w)|bestätigt"
        r"|abgeschlossen|erledigt|veranlasst|durchgeführt)",
        "change_delivery": r"\bneue lieferadresse (?:steht|ist) (?:jetzt |nun |schon |bereits )*im system\b"
        r"|\bneuer? (?:liefer\w+|zustell\w+|ablage\w+|termin) (?:ist |wurde )?(?:jetzt |nun |schon "
        r"|bereits )*(?:eingetragen"
        r"|gesetzt|gespeichert|vermerkt|festgelegt|gebucht)\b|\b(?:paket|sendung)\b.{0,20}\b(?:wurde|ist"
        r"|wird (?:jetzt|nun))\b.{0,40}\bumgeleitet\b",
        "update_profile": r"\bneuer? (?:\w*nummer|e-?mail-?\w*|\w*adresse|anschrift|name) (?:steht|ist) (?:jetzt "
        r"|nun |schon |bereits )*"
        r"(?:im system|in (?:ihrem|unserem) \w+)|\b(?:telefonnummer|nummer|adresse|anschrift"
        r"|e-?mail(?:-?adresse)?|name) (?:lautet|ist) (?:jetzt|nun|ab)",
        "any": r"\b(?:das|es|alles) ist (?:jetzt |nun |schon )?erledigt|^erledigt\b|^(?:von"
        r"|durch) [^,;]{1,40} (?:genehmigt|freigegeben|bewilligt|abgesegnet)\b|\bgrünes licht (?:gegeben|bekommen"
        r"|erhalten)|\b(?:bekam|erhielt|hat|haben|gab)\b[^,;]{0,20} grünes licht"
        r"|\b(?:chefin?|leitung|vorgesetzter?|kolleg\w+|teamleit\w+|abteilung|zentrale|team"
        r"|mitarbeiter\w*) (?:hat|haben) (?:[^,;]{1,30} )?(?:genehmigt"
        r"|freigegeben|bewilligt|abgesegnet|zugestimmt)\b|\bgenehmigt von \w"
        r"|\b(?:änderung|anfrage|anliegen|antrag) ist (?:jetzt |nun |schon |bereits )?(?:durch(?!\s*\w)|veranlasst)",
    },
    open=r"nicht|nie|kein\w*|niemand|nichts|(?:wird|werden)(?! (?:jetzt|nun|gerade|soeben|hiermit|ab sofort)\b)"
    r"|würde\w*|kann|können|könnte\w*|dürfen|muss|müssen|soll\w*"
    r"|möchte\w*"
    r"|vorbereitet|wartet|warten|ausstehend|offen|bitte|noch(?! (?:rechtzeitig|eben|schnell))|normalerweise"
    r"|üblicherweise|immer|erst|bestätigen"
    r"|geschätzt\w*|wegen|aufgrund"
    r"|wetter\w*|beispiel|gern|karte|zur prüfung|an unsere mitarbeiter|zur freigabe|vom absender"
    rf"|(?:vom|von|durch|bei|beim)(?: \w{{1,12}}){{0,2}}? (?:{OTHERS})",
    conditions=r"ich (?:verstehe|sehe|weiss)|sobald|wenn|falls|nachdem|bevor|ob|solange|danach|sie (?:sagten"
    r"|schrieben|meinten|sagen|meinen)|laut"
    r"|angeblich|absender",
    own=r"(?:ihre?[nm]? |der |die |das )?(?:neue[rs]? )?",
    participle_last=True,
    deeds={
        "request_refund": r"\w*erstattung|rückzahlung|rücküberweisung|gutschrift",
        "cancel_order": r"stornierung|storno|kündigung",
        "change_delivery": r"umleitung|verschiebung|umbuchung|verlegung|lieferänderung|terminänderung"
        r"|änderung (?:der|des|ihrer|ihres) (?:liefer|zustell)\w+",
        "update_profile": r"(?:adress|namens|nummern|daten|profil|kontakt|e-?mail-?)\w*änderung|datenaktualisierung"
        r"|aktualisierung (?:ihrer|ihres|der|des) (?:daten|profils|adresse|nummer|telefonnummer)"
        r"|änderung (?:ihrer|ihres|der|des) (?:adresse|namens|profils|\w*nummer|daten|e-?mail-?\w*)",
        "create_order": r"neue (?:buchung|bestellung)",
        "report_problem": r"schadensmeldung|reklamation|beschwerde",
        "schedule_callback": r"rückruf",
        "any": r"änderung(?:en)?|anfrage|anliegen|antrag|auftrag|umstellung",
    },
    came_about=r"(?:ist|sind|wurden?)(?: (?:jetzt|nun|schon|bereits|soeben|gerade|eben|damit|hiermit|erfolgreich|auch"
    r"|inzwischen|vollständig|für sie|somit))* (?:durch(?!\s*\w)|durchgegangen|erfolgt|raus|draußen|abgeschlossen"
    r"|erledigt|vollzogen"
    r"|unterwegs|auf dem weg|fertig|wirksam|aktiv|veranlasst|bestätigt|vorgenommen|umgesetzt|eingetragen|in kraft"
    r"|über die bühne|abgesegnet|ausgeführt|durchgeführt|angestossen|verbucht|gebucht)|(?:ging"
    r"|lief)(?: \w{1,12}){0,2} (?:durch|raus)"
    r"|(?:hat|haben) geklappt",
    came_about_alone=r"erfolgt|abgeschlossen|erledigt|durch|raus|erfolgreich|vollzogen|bestätigt|durchgeführt"
    r"|ausgeführt"
    r"|fertig|veranlasst|unterwegs",
    alone={
        "request_refund": r"(?:zurück)?erstattet|zurückgezahlt|zurücküberwiesen|gutgeschrieben|geld zurück",
        "cancel_order": r"storniert|abbestellt|rückgängig gemacht",
        "change_delivery": r"verschoben|umgeleitet|umgebucht|verlegt",
        "update_profile": r"geändert|aktualisiert|korrigiert|hinterlegt",
        "create_order": r"gebucht|beauftragt",
        "report_problem": r"gemeldet|aufgenommen",
        "schedule_callback": r"rückruf (?:vereinbart|eingetragen|gebucht)",
        "any": r"genehmigt|bewilligt|freigegeben|abgesegnet|erledigt|geregelt|umgesetzt|ausgeführt|geschafft|fertig"
        r"|(?:ist )?gemacht|in ordnung gebracht|passt jetzt",
    },
    adverbs=r"erfolgreich|jetzt|nun|schon|bereits|soeben|gerade|eben|hiermit|damit|somit|alles|ist|schnell"
    r"|vollständig|komplett|ja|so|auch|wunschgemäß|wunschgemäss|inzwischen",
    tails=r"für sie|wie gewünscht|wie besprochen|wie versprochen|wie vereinbart"
    rf"|(?:auf|zum) {DAYS}[^,;]{{0,20}}"
    r"|(?:von|durch) (?:der|die|unser\w*|unsere?r?|dem|meiner?) \w{1,30}|worden",
    infinitives={
        "request_refund": r"erstatten|zurückzahlen|zurücküberweisen|gutschreiben|auszahlen",
        "cancel_order": r"stornieren|abbestellen|rückgängig machen",
        "change_delivery": r"verschieben|umleiten|umbuchen|verlegen|vorziehen|(?:liefer"
        r"|zustell)\w* (?:\w+ ){0,4}ändern",
        "update_profile": r"ändern|aktualisieren|korrigieren|anpassen|hinterlegen",
        "create_order": r"buchen|beauftragen",
        "report_problem": r"melden|einreichen",
        "schedule_callback": r"vereinbaren",
        "any": r"erledigen|regeln|umsetzen|durchführen|veranlassen",
    },
    achieved=r"(?:(?:ich|wir) konnten?|konnten? (?:ich|wir)|ist es (?:mir|uns) gelungen|es ist (?:mir|uns) gelungen)"
    r"(?: [^,;]{1,50}?)?",
    as_done=r"betrachten sie|sehen sie",
    did_it=r"geändert|umgestellt|angepasst|eingetragen|verschoben|umgebucht|storniert|gelöscht|organisiert"
    r"|hinbekommen"
    r"|in die wege geleitet",
    did="(?!)",
    articles="(?!)",
    it=r"wurden?|(?:das|es|alles|dies|ihr anliegen)(?: (?:ist|sind|wurde|wurden|habe ich|haben wir)(?: für sie)?)?"
    r"|(?:habe ich|haben wir|ich habe|wir haben|hab ich|ich hab)(?: (?:das|es|alles|ihnen))?(?: für sie)?",
)
