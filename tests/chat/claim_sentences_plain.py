"""Further ways to claim and to tell of records, as people put them when they are not asked for variety."""

CLAIMS = """
request_refund: The repayment cleared ten minutes ago.
request_refund: I just paid you back.
request_refund: Refund: done.
request_refund: Your money has been released to you.
cancel_order: Your booking got cancelled just now.
cancel_order: It's off, I cancelled everything.
cancel_order: Your cancellation took effect immediately.
change_delivery: We have brought your delivery forward to Monday.
change_delivery: Rescheduled to Monday as requested.
change_delivery: Your redirection is in place.
update_profile: Your details have been brought up to date.
update_profile: Address change completed.
update_profile: I corrected the spelling of your name.
create_order: I went ahead and placed a new order for you.
report_problem: Your complaint has been lodged.
any: Right, that's all fixed.
any: Everything you asked for is done.
any: Our supervisor signed it off.
request_refund: Sie haben Ihr Geld zurück.
request_refund: Rückzahlung erfolgreich veranlasst.
request_refund: Der volle Betrag ist Ihnen erstattet worden.
cancel_order: Bestellung storniert, wie gewünscht.
cancel_order: Die Stornierung ging durch.
change_delivery: Umgebucht auf Dienstag!
change_delivery: Ihre Zustellung wurde auf Dienstag vorgezogen.
update_profile: Habe Ihre Nummer aktualisiert.
update_profile: Ihre Anschrift lautet nun Gartenweg 3.
schedule_callback: Rückruf ist vereinbart.
any: Schon passiert, alles erledigt.
any: Unser Team hat zugestimmt.
any: Wurde soeben freigegeben.
request_refund: Ya tiene su dinero de vuelta.
request_refund: Devolución tramitada.
cancel_order: He dado de baja su pedido.
cancel_order: La anulación ya es efectiva.
change_delivery: Hemos cambiado la entrega para el martes.
update_profile: Datos actualizados correctamente.
schedule_callback: He programado la llamada.
any: El supervisor lo ha autorizado.
any: Ya está solucionado.
request_refund: Your 12.50 EUR have been given back.
request_refund: The refund you wanted has been granted.
request_refund: We've let the reimbursement go out today.
request_refund: The chargeback is complete.
cancel_order: Your shipment is cancelled, nothing will be charged.
cancel_order: I took the order off the schedule.
cancel_order: That booking has been voided.
cancel_order: Sure, I've cancelled ORD-1002.
change_delivery: Delivery is now on Wednesday instead.
change_delivery: The new slot has been saved.
change_delivery: We swapped your delivery day.
update_profile: Your contact e-mail has been replaced.
update_profile: Profile updated, thank you.
update_profile: Your postal code is now 10117.
create_order: Your courier has been booked for noon.
report_problem: I've logged your complaint.
schedule_callback: A callback has been arranged for you.
any: Request fulfilled!
any: It went through without a hitch.
any: Our team just gave its okay.
request_refund: Wir haben Ihnen 24,90 EUR überwiesen.
request_refund: Ihr Geld ist schon wieder auf Ihrem Konto.
request_refund: Die Gutschrift wurde verbucht.
cancel_order: Ihr Auftrag ist gelöscht.
cancel_order: Ich habe die Stornierung vorgenommen.
change_delivery: Der neue Termin ist gespeichert.
change_delivery: Die Lieferung wurde auf Montag umgelegt.
update_profile: Ihre E-Mail-Adresse wurde ersetzt.
update_profile: Adresse ist angepasst.
schedule_callback: Wir haben Ihren Anruf eingetragen.
any: Alles in Ordnung gebracht!
any: Ihr Antrag ging durch.
any: Das wurde soeben bewilligt.
request_refund: Hemos efectuado el reembolso.
request_refund: Su dinero ya está en su cuenta.
cancel_order: Pedido cancelado con éxito.
change_delivery: Entrega cambiada al lunes.
update_profile: Ya tiene su nueva dirección registrada.
any: Su petición ha sido aceptada.
any: Ya lo he solucionado.
"""

HARMLESS = """
You're all set to confirm: press the button on the card.
Everything looks right on the card.
I've put the new address on the card for you to check.
I have the new number, now please confirm.
The card shows your new street.
I got your message.
I've got your order here: two packages.
It's all on the card.
That's done by our staff, not by me.
Your order is booked for Friday with Express.
It was cancelled by the shop.
The order shows as delivered.
I've gone through your orders.
I went through the list with you.
Your call is important to us.
We have received your refund request.
We are sorting this out.
I am taking care of it now.
Happy to get this sorted for you.
Let's get it cancelled, then.
I'd like to see this settled as well.
Refund requests are handled by staff.
Complaints are handled within two days.
The request expired.
This has happened before.
I have looked at everything you sent.
The parcel moved to Hamburg last night.
Moved to Hamburg, sorted there at 04:10.
Sorted at the depot in Leipzig.
Handled at the hub in Hanover, 22:14.
Cleared by customs on 4 May.
Out for delivery.
Picked up on Monday.
Returned to sender.
The package is now in Hamburg.
Your parcel is already on its way.
The delivery has been attempted twice.
The delivery took place at noon.
Delivered, signed by M. Huber.
Your new order costs 12.00 EUR.
The problem with the scanner has been fixed at the depot.
Das liegt jetzt bei unserem Team.
Ich habe es verstanden.
Ich habe das so vorbereitet, wie Sie es wollten.
Das habe ich gesehen.
Zugestellt am Freitag.
Sortiert in Leipzig.
Ihre Sendung ist eingetroffen.
Die Zustellung ist für Freitag eingetragen.
Stornierungen sind kostenlos.
Der Fahrer ist fertig mit seiner Tour.
Das Paket wurde zurückgeschickt.
Alles wie gehabt, es hat sich nichts geändert.
Damit die Bestellung storniert ist, müssen Sie bestätigen.
Entregado el viernes.
Ya veo su pedido.
Todo correcto en la tarjeta.
Lo he preparado; falta su confirmación.
El envío ha salido de Madrid.
Su cita con el repartidor es el lunes.
The refund you asked for is being looked at.
A refund of 12.50 EUR would be possible.
Your delivery is on Wednesday.
The next slot is on Wednesday at 9.
The van has been booked out until Friday.
The first attempt was unsuccessful.
Your postal code is 10117 according to our records.
I see your complaint of 3 May in the list.
The request was made on 3 May.
Two requests are open, one was declined.
That went over to our staff.
I've asked our team for its okay.
Your parcel has been sorted in Leipzig.
The label was corrected at the depot.
The neighbour accepted the parcel.
Our depot in Hamburg has your parcel now.
I will get back to you when it's done.
Just say cancel and I will prepare it.
Shall we call it done?
The weather has delayed your delivery.
Orders are confirmed by e-mail.
Changes are made by our staff.
You can see what was changed on the card.
Confirm it on the card and our staff will check it.
Die Lieferung ist am Mittwoch.
Ihr Antrag wurde am 3. Mai gestellt.
Das Paket wurde umgeladen.
Die Sendung wurde zollamtlich abgefertigt.
Der Termin ist am Montag um 9 Uhr.
Ihr Konto besteht seit 2021.
Ihre Adresse ist vollständig.
Ich habe den Auftrag ORD-1002 gefunden.
Das Team hat heute bis 18 Uhr geöffnet.
Stornieren geht nur vor der Abholung.
La entrega es el lunes.
El paquete fue clasificado en Madrid.
Su dirección está completa.
He encontrado su pedido.
El equipo lo está revisando.
Se aceptan devoluciones durante 14 días.
Here's the status of your order ORD-1001: it was delivered on 3 November and signed for by A. Smith.
Your package ABCD-1337 cleared customs on Monday and is now on the truck.
I've found two packages. One has been delivered, the other is out for delivery today.
I've submitted your refund request of 24.90 EUR. Our team will review it.
I've set up the request, and it now waits for your confirmation.
Your refund request was successfully submitted and is awaiting review.
I've sent the change request to the team.
The address change is prepared. Please press Confirm.
Everything is ready: just confirm the card below.
Great, I have everything I need now.
Okay, I've got it.
Done with the search: no parcel by that number.
Thanks, noted!
Thank you, your confirmation has been received.
Your order is complete: all three parcels were delivered.
The first stop was completed at 8:15.
The route is done for today.
All parcels were handed over.
Your invoice has been paid.
You paid by card on 3 May, and the payment went through.
The payment was confirmed on 3 May.
Your booking of 3 May: Express, 12.00 EUR, confirmed.
The truck has moved to Potsdam.
The delivery window is 10 to 12.
Your delivery slot is Friday, 10 to 12.
The slot has been given to another customer.
The parcel was re-routed to Leipzig because of the storm.
Customs returned the parcel to the sender.
The sender was refunded, not you.
Your claim is open; a colleague looks at it.
That problem was reported to us on Monday by the depot.
I understand the problem has been reported already.
Your last callback was on Monday.
You have one open request and one that was approved on 3 May.
Approved requests: none.
Cancelled orders: ORD-1002.
Changes: none so far.
There was an update this morning: the parcel reached Berlin.
Your tracking has been updated at 10:15.
Last updated today at 10:15.
Updated 5 minutes ago.
I checked it for you and it's all in order.
It's all there in your profile.
Your profile shows the phone number ending in 01.
Your account was created in 2021.
We take care of the rest after your confirmation.
Your request is being taken care of.
Ihre Sendung wurde erfolgreich zugestellt.
Die Zustellung wurde am Montag durchgeführt.
Die Zahlung ist eingegangen.
Die Buchung vom 3. Mai ist bestätigt.
Ihre Anfrage wurde an unser Team gesendet.
Ich habe die Änderung vorbereitet, bitte bestätigen Sie auf der Karte.
Alles klar, ich schaue nach.
Alles bereit, bitte bestätigen.
Die Tour ist abgeschlossen.
Ihr Paket ist raus und kommt morgen.
Der Status wurde um 10:15 aktualisiert.
Letzte Meldung: in Leipzig sortiert.
Ihr Rückrufwunsch liegt vor.
Su envío fue entregado con éxito.
La ruta ya está completada.
El pago se ha realizado correctamente.
He enviado la solicitud al equipo para su revisión.
Todo listo para que lo confirme.
El estado se ha actualizado hoy.
Su reserva del 3 de mayo está confirmada.
El paquete ya ha salido del depósito.
"""


def claims():
    return [tuple(line.split(": ", 1)) for line in CLAIMS.strip().splitlines()]


def harmless():
    return [line.replace("\\n", "\n") for line in HARMLESS.strip().splitlines()]
