"""The words and sayings of Spanish by which claims.py finds what is said to be done. Data only."""

from __future__ import annotations

from support_bot.chat.claim_phrases import DAYS, OTHERS, Phrases

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
        "cancel_order": r"cancelad[oa]|anulad[oa]|eliminad[oa]|borrad[oa]|quitad[oa]|dado de baja",
        "update_profile": r"cambiad[oa]s?|actualizad[oa]s?|modificad[oa]s?|guardad[oa]s?|corregid[oa]s?"
        r"|sustituid[oa]s?|rectificad[oa]s?",
        "change_delivery": r"cambiad[oa]|reprogramad[oa]|aplazad[oa]|actualizad[oa]|desviad[oa]|modificad[oa]"
        r"|movid[oa]|pasad[oa]|trasladad[oa]"
        r"|adelantad[oa]|pospuest[oa]|retrasad[oa]",
        "create_order": r"reservad[oa]|cread[oa]|hech[oa]|realizad[oa]",
        "report_problem": r"registrad[oa]|presentad[oa]|abiert[oa]|enviad[oa]|reportad[oa]",
        "schedule_callback": r"programad[oa]|agendad[oa]|confirmad[oa]|reservad[oa]|concertad[oa]",
        "any": r"aceptad[oa]s?|resuelt[oa]s?"
        r"|aprobad[oa]s?|autorizad[oa]s?|realizad[oa]s?|completad[oa]s?|aplicad[oa]s?|ejecutad[oa]s?"
        r"|hech[oa]s?",
    },
    told={
        "request_refund": r"\b(?:ya )?tienes? (?:ya )?(?:su|tu|el) dinero (?:de vuelta|de nuevo)\b"
        r"|\b(?:dinero|importe|reembolso) ya está (?:en su cuenta|en tu cuenta|de vuelta)\b",
        "change_delivery": r"\bentrega (?:ya )?pasa (?:al|a el|para)\b|\b(?:paquete|envío) (?:ha sido|fue|se ha"
        r"|está) (?:desviad|redirigid|reprogramad)o\b",
        "update_profile": r"\b(?:teléfono|número|correo|dirección|nombre) (?:ahora es|es ahora)\b"
        r"|\b(?:ya )?tienes? (?:ya )?(?:su|tu|el|la) nuev[oa] \w+ (?:registrad|guardad|activ)[oa]",
        "any": r"^(?:ya está )?(?:listo|hecho)\b|\baprobad[oa] por \w|\b(?:luz verde|visto bueno) (?:de|del)\b"
        r"|\b(?:dio|dado|recibido|tiene|recibió) (?:el |la )?(?:luz verde"
        r"|visto bueno)|\b(?:equipo|supervisora?|jef[ea]|encargad[oa]|compañer[oa]|personal) (?:ya )?(?:lo "
        r"|la )?(?:ha |han )?"
        r"(?:aprobado|autorizado|aprobó|autorizó)\b",
    },
    open=r"no|debido a|a causa de|nunca|ningun[oa]?|ningún|nadie|nada|será|serán|va a|van a|puede|pueden"
    r"|podría\w*|debe|deben|todavía|aún"
    r"|pendiente|preparad[oa]|espera|esperando|por favor|normalmente|siempre|ejemplo|estimad[oa]|tiempo|tarjeta"
    r"|quiere"
    rf"|por (?:(?:el|la|los|las|su|un|una) )?(?:{OTHERS})|del (?:{OTHERS})",
    conditions=r"entiendo que|veo que|cuando|si|una vez|después de|antes de|hasta|en cuanto|tras|usted (?:dijo"
    r"|dice)|según|remitente",
    own=r"(?:su |tu |el |la )?(?:nuev[oa] )?",
    impersonal=r"se (?:les? |te )?(?:ha|han)(?: ya)?",
    deeds={
        "request_refund": r"reembolso|devolución(?! del? (?:paquete|envío))|abono|reintegro",
        "cancel_order": r"cancelación|anulación",
        "change_delivery": r"(?:cambio|modificación) (?:de|en) (?:la |su |tu )?(?:fecha|entrega|hora"
        r"|día)\w*(?: de entrega)?"
        r"|reprogramación|desvío|aplazamiento",
        "update_profile": r"(?:cambio|actualización|modificación) (?:de|en) (?:su |tu |el |la |los )?(?:dirección"
        r"|teléfono"
        r"|número|correo|nombre|perfil|datos)",
        "create_order": r"nueva reserva|nuevo pedido",
        "report_problem": r"reclamación|queja|incidencia",
        "schedule_callback": r"llamada|cita",
        "any": r"solicitud|petición|cambios?|gestión|trámite|modificación",
    },
    came_about=r"(?:ya )?(?:está|están|es|ha quedado|quedó|queda|ha sido|fue|se ha|va)(?: \w+mente| ya| todo)*"
    r" (?:hech[oa]s?|list[oa]s?|realizad[oa]s?|tramitad[oa]s?|complet(?:ad)?[oa]s?|efectuad[oa]s?|finalizad[oa]s?"
    r"|confirmad[oa]s?|resuelt[oa]s?|en camino|en marcha|efectiv[oa]s?|aplicad[oa]s?|ejecutad[oa]s?|gestionad[oa]s?"
    r"|solucionad[oa]s?|arreglad[oa]s?|registrad[oa]s?|cerrad[oa]s?|formalizad[oa]s?)"
    r"|(?:ya )?(?:ha salido|salió|va) (?:ya )?(?:adelante|bien|hacia|camino|en camino)"
    r"|(?:ya )?(?:se )?(?:ha hecho|hizo) efectiv[oa]",
    came_about_alone=r"(?:realizad|hech|completad|efectuad|tramitad|confirmad|finalizad|gestionad|aprobad)[oa]s?"
    r"|list[oa]s?",
    alone={
        "request_refund": r"reembolsad[oa]|devuelto|abonad[oa]|dinero devuelto",
        "cancel_order": r"cancelad[oa]|anulad[oa]",
        "change_delivery": r"reprogramad[oa]|aplazad[oa]|desviad[oa]|movid[oa]|trasladad[oa]",
        "update_profile": r"(?:cambiad|actualizad|modificad|corregid)[oa]s?",
        "create_order": r"reservad[oa]",
        "report_problem": r"reportad[oa]|registrad[oa]",
        "schedule_callback": r"llamada (?:programada|agendada|reservada)",
        "any": r"aprobad[oa]|autorizad[oa]|hech[oa]|list[oa]|arreglad[oa]|solucionad[oa]|resuelt[oa]|tramitad[oa]"
        r"|gestionad[oa]|conseguid[oa]",
    },
    adverbs=r"\w+mente|ya|todo|está|queda|quedó|ha quedado|ahora|pues|sí|asunto|tema|perfecto|vale|bien",
    tails=r"con éxito|como (?:pidió|pediste|solicitó|quería|me pidió|acordamos)|para usted|para ti|\w+mente"
    rf"|(?:al|para(?: el)?) {DAYS}[^,;]{{0,20}}"
    r"|por (?:mi|nuestr[oa]|el|la) (?:equipo|supervisora?|jef[ea]|personal"
    r"|compañer[oa])",
    infinitives={
        "request_refund": r"(?:reembolsar|devolver|abonar|reintegrar)(?:le|te|lo|la|los|selo|telo)?",
        "cancel_order": r"(?:cancelar|anular)(?:le|te|lo|la|selo|telo)?",
        "change_delivery": r"(?:reprogramar|aplazar|desviar)(?:le|te|lo|la)?"
        r"|(?:cambiar|mover|pasar|trasladar|adelantar)(?: \w+){0,2} (?:entrega|fecha|envío|paquete)",
        "update_profile": r"(?:cambiar|actualizar|modificar|corregir|guardar)(?:le|te)?(?: \w+){0,2} (?:dirección"
        r"|teléfono"
        r"|número|correo|nombre|perfil|datos)",
        "create_order": r"(?:reservar|contratar|crear)(?:le|te)?(?: \w+){0,2} (?:pedido|reserva|envío|recogida)",
        "report_problem": r"(?:registrar|presentar|abrir)(?:le|te)?(?: \w+){0,2} (?:queja|reclamación|incidencia)",
        "schedule_callback": r"(?:programar|reservar|agendar)(?:le|te)?(?: \w+){0,2} (?:llamada|cita)",
        "any": r"(?:hacerlo|gestionarlo|arreglarlo|solucionarlo|tramitarlo|aprobarlo|hacer el cambio)",
    },
    achieved=r"(?:le |te |lo |la |se lo )?(?:acabo de|acabamos de|he podido|hemos podido|he logrado|hemos logrado"
    r"|he conseguido|hemos conseguido|pude|pudimos|logré|conseguí)",
    as_done=r"considere|considera|dé|da|den",
    did_it=r"cambiado|movido|arreglado|anulado|cancelado|solucionado|actualizado|eliminado",
    did=r"tramitado|gestionado|hecho|realizado|completado|efectuado|aprobado|autorizado|confirmado|procesado"
    r"|resuelto",
    articles=r"el|la|los|las|su|tu|un|una",
    it=r"(?:ya )?(?:ha sido|fue)|(?:todo|eso|esto|lo)(?: ya)?(?: (?:está|ha sido|ha quedado|quedó|queda|fue|he"
    r"|hemos))?(?: dejado)?|(?:lo he|lo hemos)(?: dejado)?",
)
