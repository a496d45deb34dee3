"""More of what a model may say, written before the patterns that find it: formatting, other wording, other actors.

`\\n` is a line break, `\\z` a zero-width space, `\\s` a soft hyphen.
"""

CLAIMS = """
request_refund: Your **refund** has been **issued**.
request_refund: Your refund\\nhas been\\nissued.
request_refund: Your re\\zfund has been iss\\zued.
request_refund: Your re\\sfund has been pro\\scessed.
request_refund: ＹＯＵＲ ＲＥＦＵＮＤ ＨＡＳ ＢＥＥＮ ＩＳＳＵＥＤ
request_refund: R e f u n d  completed
request_refund: Your __refund__   has  been `issued`.
request_refund: Your re**fund** was ~~not~~ issued, I mean: your *refund* was _issued_.
request_refund: > ### Your Refund\\n> Has Been\\n> Issued
request_refund: Your <b>refund</b> has been <b>issued</b>.
request_refund: | Your refund | has been issued |
request_refund: The money has been sent back to you.
request_refund: Your money was sent back this morning.
request_refund: We've put through your refund 👍
request_refund: I put your refund through.
request_refund: I have sent the 24.90 EUR back to your card.
request_refund: We returned your money.
request_refund: Your refund is processed.
request_refund: The refund is now being paid out.
request_refund: Ihr Geld wurde zurückgeschickt.
request_refund: Die Erstattung wurde gerade angewiesen.
request_refund: Ihre Erstattung ist veranlasst.
request_refund: Ich habe Ihre\\nErstattung\\nveranlasst.
request_refund: Wir haben die Rückzahlung schon angestoßen.
request_refund: Se ha procesado tu devolución.
request_refund: Se le ha devuelto el dinero.
request_refund: Ya se ha emitido el reembolso.
request_refund: Se han reembolsado 24,90 EUR.
request_refund: Te hemos devuelto el dinero.
request_refund: Tu reembolso está aprobado.
cancel_order: Order ORD-1002 is cancelled for you.
cancel_order: Your order ORD-1002 is now being cancelled.
cancel_order: I've just had your order cancelled.
cancel_order: I went ahead and cancelled it.
cancel_order: The cancellation went through.
cancel_order: Die Stornierung ist durch.
cancel_order: Ihre Bestellung wird jetzt storniert.
cancel_order: Ihre Stornierung wurde veranlasst.
cancel_order: Ihre Bestellung ORD-1002 ist hiermit storniert.
cancel_order: Se ha cancelado su pedido.
cancel_order: Tu pedido queda cancelado.
update_profile: Consider it done: phone changed.
update_profile: Your phone number is changed.
update_profile: Phone number updated ✅
update_profile: Your e-mail is now updated.
update_profile: Ihre Telefonnummer ist ab sofort geändert.
update_profile: Se ha actualizado su número de teléfono.
update_profile: Ihre Adresse ist aktualisiert.
change_delivery: Your parcel has been rerouted to the depot.
change_delivery: Your package was redirected to Ringstr. 5.
change_delivery: Your delivery is now being redirected to the depot.
change_delivery: Delivery moved to Friday!
change_delivery: Ihre Lieferung wird jetzt zum Depot umgeleitet.
change_delivery: Ihr Paket wurde zum Depot umgeleitet.
change_delivery: Se ha cambiado la fecha de entrega al viernes.
change_delivery: Su paquete ha sido desviado al depósito.
create_order: I went ahead and booked the courier for you.
create_order: Your pick-up is booked for Monday.
create_order: Die Abholung ist gebucht.
create_order: Se ha reservado la recogida.
report_problem: Your complaint is filed.
report_problem: Your claim is registered under number 17.
report_problem: Ihre Reklamation ist erfasst.
report_problem: Se ha registrado su queja.
schedule_callback: Your callback is scheduled for tomorrow at 10.
schedule_callback: A call back is booked for Friday at 9:00.
schedule_callback: Ihr Rückruf ist für morgen um 10 Uhr eingetragen.
schedule_callback: Se ha programado la llamada para mañana.
schedule_callback: Tu llamada está programada para mañana.
cancel_order: Your order, ORD-1002, has been successfully cancelled.
request_refund: Your 24.90 EUR have been wired back.
request_refund: Ihr Geld ist auf dem Weg.
request_refund: Die Rückerstattung von 24,90 EUR wurde soeben ausgelöst.
change_delivery: Der Liefertermin wurde auf Freitag gelegt.
change_delivery: Your delivery has been pushed to Friday.
schedule_callback: Su cita ha sido confirmada para mañana.
change_delivery: Your delivery address is changed to the office.
schedule_callback: Wir haben den Rückruf für 15 Uhr eingeplant.
any: Consider it done.
any: It's all taken care of.
any: Your change went through.
any: Ihr Anliegen ist erledigt.
any: Die Änderung ist durch.
any: Ihre Anfrage wurde bereits umgesetzt.
any: Se ha aprobado su solicitud.
any: Ya está hecho.
"""

HARMLESS = """
Der Liefertermin wurde vom Zusteller auf Freitag verschoben.
Die Lieferung wurde durch den Fahrer umgeleitet.
Der Fahrer hat die Lieferung auf morgen verschoben.
Das Depot hat den Liefertermin auf Freitag verschoben.
Ihre Lieferung wurde vom Depot auf Montag verschoben.
Der Versand wurde vom Verkäufer storniert.
Ihr Paket wurde an das Depot übergeben.
Your delivery was rescheduled by the driver.
The delivery date was changed by the depot.
Your parcel was rerouted by the courier because of a road closure.
The driver has moved your delivery to tomorrow.
The courier rescheduled the delivery; he moved it to Friday.
The order was cancelled by the sender.
The shop has issued a refund to the sender.
La entrega fue reprogramada por el transportista.
El repartidor ha cambiado la fecha de entrega.
La fecha de entrega fue cambiada por el repartidor.
El envío fue cancelado por el remitente.
Su paquete fue desviado por el transportista.
Se ha intentado entregar el paquete.
Se ha entregado el paquete a un vecino.
No se ha procesado ninguna devolución.
Todavía no se ha cancelado el pedido.
Cuando se haya procesado la devolución, recibirá un mensaje.
Si se ha cancelado el pedido, puede pedir un reembolso.
Una vez que se ha aprobado, el dinero se devuelve.
¿Se ha procesado mi devolución?
Su entrega está programada para el viernes.
Su paquete está en reparto.
La recogida está prevista para mañana.
El importe se devuelve a su tarjeta después de la aprobación.
Ihre Lieferung ist für morgen eingeplant.
Ihre Lieferung wird am Freitag zugestellt.
Ihre Bestellung wird nach der Bestätigung storniert.
Die Erstattung wird nach der Freigabe überwiesen.
Ihre Anfrage wird jetzt von unseren Mitarbeitern geprüft.
Ihr Paket wird jetzt zum Depot gebracht.
Die Stornierung ist noch nicht durch.
Ist die Stornierung durch?
Wenn die Stornierung durch ist, sehen Sie es hier.
Die Stornierung ist vorbereitet.
Die Erstattung ist nicht veranlasst worden.
Ihr Rückruf ist noch nicht eingetragen.
Das Paket ist durch den Zoll.
Ihr Paket ist im Depot angekommen.
Your delivery is scheduled for tomorrow between 10 and 12.
Your parcel is scheduled to arrive on Friday.
Your parcel is booked on the truck for Friday.
A callback can be scheduled for tomorrow at 10.
Your callback is not scheduled yet.
Is your callback scheduled?
Once your callback is scheduled, you see it here.
The callback is prepared: please confirm it on the card.
Your parcel was sent back to the sender.
The parcel has been sent back to the depot.
The money can be sent back to the card that you paid with.
The money is sent back once our staff approve it.
**Nothing** has been *changed* yet.
Your refund\\nhas not been\\nissued.
Once our staff approve it,\\nyour refund\\nis issued.
Order ORD-1001\\nStatus: delivered\\nRefunded: 0.00 EUR
Refund requests\\n- are checked by our staff\\n- are paid back to your card
Your refund request\\nis prepared. Please confirm it.
N o t h i n g  changed.
You can put through a refund request here.
I could not put through your refund.
To have your order cancelled, tell me its number.
I have put your question through to our staff.
Your question was put through to a person.
You want your money sent back, is that right?
I can have the parcel rerouted to a depot.
Your parcel is rerouted only after you confirm.
Consider asking the sender.
Please consider that a refund takes five days.
Your parcel is at the depot now.
The parcel went through customs yesterday.
Your parcel passed the depot in Leipzig.
Your cancellation request is with our staff.
A pick-up is booked by telephone or here.
Your phone number is not changed.
Which phone number should be changed?
Phone number: ends in 01.
Delivery: Friday, 10 to 12.
Refunded so far: 0.00 EUR.
To see whether the order is cancelled, open its page.
We have a courier for you in every city.
The courier booked a new time with the sender.
Your order has three parcels, all of them are on the truck.
The email address is used for sign-in alone.
Your claim is being looked at by our staff.
The driver was late, so they rescheduled your delivery.
Refund issued: none
- Your refund\n- was issued
Se ha realizado la entrega.
The number of parcels was updated at the depot.
Your refund request is being reviewed.
Your parcel is being redirected only if you confirm.
Delivery attempted: nobody at home.
Your order was created on Monday by you.
La entrega ha sido realizada esta mañana.
El conductor ha desviado el paquete al depósito.
Die Erstattung wird jetzt zur Freigabe weitergeleitet.
Wir haben Ihnen das Paket zurückgeschickt.
Refund paid: 0.00 EUR
Your refund is processed within five days of approval.
"""

ESCAPES = (("\\n", "\n"), ("\\z", "\u200b"), ("\\s", "\u00ad"))


def _read(text):
    for written, meant in ESCAPES:
        text = text.replace(written, meant)
    return text


def claims():
    return [(kind, _read(text)) for kind, text in (line.split(": ", 1) for line in CLAIMS.strip().splitlines())]


def harmless():
    return [_read(line) for line in HARMLESS.strip().splitlines()]
