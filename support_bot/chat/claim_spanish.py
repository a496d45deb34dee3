"""The words and sayings of Spanish by which claims.py finds what is said to be done. Data only."""

from __future__ import annotations

from support_bot.chat.claim_phrases import OTHERS, Phrases

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
