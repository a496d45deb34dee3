"""Claims of other shapes: deeds that took place, sentences without a subject, and what only sounds like them."""

CLAIMS = """
request_refund: Good news: the money is on its way back to your card.
request_refund: Your refund just went through on our end.
request_refund: We've sent the 24.90 EUR back to you.
request_refund: The full amount was returned to your bank account.
request_refund: Reimbursement done, nothing left to do for you.
request_refund: I went ahead and refunded the shipping costs.
cancel_order: Cancelled, as you asked!
cancel_order: Your booking is no longer active; I took care of the cancellation.
cancel_order: Consider order R-1001 cancelled.
cancel_order: The cancellation went through a minute ago.
cancel_order: I just cancelled that for you.
cancel_order: Order cancelled successfully.
change_delivery: Your parcel will now arrive on Friday, I have rescheduled it.
change_delivery: Delivery moved to Friday.
change_delivery: I've switched the drop-off to your neighbour at number 12.
change_delivery: The new delivery date is set.
update_profile: Your phone number is now +49 30 1234567.
update_profile: The e-mail on your account has been swapped to the new one.
update_profile: I replaced your old address with the new one.
update_profile: All set, your profile now shows the new name.
schedule_callback: A colleague's call has been booked for 3 pm.
report_problem: I have passed your complaint on to the claims department.
any: All taken care of!
any: That's been sorted for you.
any: Done and dusted.
any: Your supervisor request was signed off by Anna.
request_refund: Refund #991 completed.
request_refund: refund — completed
request_refund: Refund: completed ✅ (id 991)
request_refund: Refund status: COMPLETED
request_refund: Refund of 24.90 EUR: paid
request_refund: | Refund | paid out |
request_refund: Refund (id 991): done
request_refund: Refund for ORD-1001 - processed, id 991
request_refund: Rückerstattung Nr. 991: abgeschlossen
request_refund: Erstattung – erledigt (Anna)
request_refund: Reembolso nº 991: completado
cancel_order: ORD-1002: cancelled
cancel_order: ORD-1002 → cancelled
cancel_order: Cancellation: confirmed
cancel_order: Stornierung: bestätigt
update_profile: Phone number: updated ✅
change_delivery: Delivery date: changed
any: Approved (Anna)
any: Request #5: approved
any: Request status: approved by our team
any: Genehmigt (Anna)
request_refund: Die Rückzahlung ist raus.
request_refund: Das Geld wurde Ihnen zurücküberwiesen.
request_refund: Erstattung ist durch.
request_refund: Wir haben Ihnen den Betrag soeben gutgeschrieben.
request_refund: Rückerstattung abgeschlossen!
cancel_order: Ihre Bestellung ist hiermit storniert.
cancel_order: Der Auftrag R-1001 wurde gerade von mir storniert.
cancel_order: Stornierung erfolgreich.
change_delivery: Die Zustellung ist jetzt auf Freitag verlegt.
change_delivery: Neuer Liefertermin ist eingetragen.
change_delivery: Ich hab die Lieferung auf Montag verschoben.
update_profile: Ihre neue Telefonnummer ist jetzt hinterlegt.
update_profile: Ihre E-Mail lautet ab sofort neu@example.com.
update_profile: Adresse erfolgreich geändert.
schedule_callback: Der Rückruf ist für 15 Uhr gebucht.
any: Ist erledigt.
any: Alles erledigt, Sie müssen nichts mehr tun.
any: Das habe ich für Sie geregelt.
any: Von der Leitung genehmigt.
request_refund: El reembolso ya está tramitado.
request_refund: Ya le hemos devuelto el dinero.
request_refund: Le acabo de reembolsar 24,90 EUR.
request_refund: Reembolso realizado con éxito.
cancel_order: Su pedido queda cancelado.
cancel_order: ¡Cancelado!
cancel_order: Acabo de anular su pedido.
change_delivery: La entrega se ha pasado al viernes.
change_delivery: He movido la entrega al lunes.
update_profile: Su dirección ya está cambiada.
update_profile: Su teléfono es ahora el 600 123 456.
update_profile: Correo actualizado.
schedule_callback: La llamada ha quedado programada para las tres.
any: ¡Listo, ya está hecho!
any: Todo arreglado.
request_refund: Your reimbursement came through this morning.
request_refund: I got you your money back.
request_refund: The 18.00 EUR landed back on your card already.
request_refund: Refund sorted!
request_refund: We have now wired you the full sum.
cancel_order: Your order no longer exists in our system, I removed it.
cancel_order: I've called off the pick-up for you.
cancel_order: Cancellation done and confirmed.
cancel_order: Okay, cancelled.
change_delivery: The drop-off is now set for Saturday.
change_delivery: I pushed your delivery back to next Tuesday.
change_delivery: Your parcel has just been re-routed to the new address.
update_profile: Your surname is now spelled with two s.
update_profile: Number changed, you are good to go.
update_profile: I have put your new street into the system.
schedule_callback: You're booked in for a call on Thursday at 9.
any: It's been handled.
any: Your request got the green light from Rita.
any: That is now off your plate, everything is settled.
request_refund: Das Geld haben wir Ihnen eben zurückgebucht.
request_refund: Ihre Rückerstattung ging heute raus.
request_refund: Gutschrift ist erfolgt.
cancel_order: Die Buchung habe ich gerade gelöscht.
cancel_order: Schon storniert!
cancel_order: Ich konnte Ihre Bestellung noch rechtzeitig stornieren.
change_delivery: Ihr Paket kommt jetzt am Samstag, das habe ich umgestellt.
change_delivery: Die neue Lieferadresse steht im System.
update_profile: Ihr Name wurde im Profil angepasst.
update_profile: Telefonnummer ausgetauscht, fertig.
any: Alles klar, ist gemacht.
any: Die Chefin hat es freigegeben.
any: Ihr Wunsch ist umgesetzt.
request_refund: Le he devuelto los 24,90 EUR.
request_refund: El abono ya salió hacia su cuenta.
cancel_order: Pedido anulado.
cancel_order: Le he quitado el pedido, ya no existe.
change_delivery: Su entrega pasa al jueves, ya lo he cambiado.
update_profile: Nuevo teléfono guardado.
any: Asunto resuelto.
any: Ya quedó todo gestionado.
"""

HARMLESS = """
Your refund will go through once a colleague has looked at it.
Has the refund gone through yet?
The refund hasn't gone through yet.
If the refund has gone through, you will see it on your statement.
I can cancel the order for you, shall I?
Would you like it cancelled?
A cancelled order cannot be changed any more.
Your parcel was delivered on Friday at 14:02.
The parcel has been moved to the depot in Leipzig.
The driver changed the delivery to your neighbour.
The delivery was attempted twice.
Your address is Main Street 5, as our records show.
Your phone number on file ends in 67.
The request has been sent to our staff; nothing is changed before they agree.
Your refund request is waiting for approval.
I have asked for the refund, a member of staff has to approve it.
Once approved, the money goes back to your card.
Signed for by M. Huber at the front door.
The delivery date is Friday.
It looks like you want the address changed.
Please tell me when it is done.
To have it cancelled, just say so.
I have not changed anything.
Nothing has been cancelled.
The order was placed on 3 May and paid by card.
Refunds are paid back to the card you used.
The parcel has gone through customs.
All done with questions for today?
You said your order was cancelled.
Refund: waiting for approval.
Die Erstattung wird nach der Prüfung ausgezahlt.
Ist die Erstattung schon erfolgt?
Sobald die Erstattung erfolgt ist, erhalten Sie eine Nachricht.
Die Zustellung erfolgte am Freitag um 14:02 Uhr.
Ihr Paket wurde dem Nachbarn übergeben.
Soll ich die Bestellung stornieren?
Die Bestellung kann noch storniert werden.
Noch ist nichts storniert.
Ihre Adresse ist laut unseren Daten die Hauptstraße 5.
Die Sendung ist jetzt im Depot Leipzig.
Ihr Paket ist jetzt unterwegs.
Ihr Antrag liegt bei unserem Team.
Wenn alles erledigt ist, melden wir uns.
Der Fahrer hat die Zustellung auf morgen verschoben.
Eine Stornierung ist nur vor dem Versand möglich.
Die Änderung muss erst genehmigt werden.
Ich habe Ihre Anfrage weitergeleitet, entschieden ist noch nichts.
El reembolso se hará cuando lo apruebe un compañero.
¿Ya está hecha la devolución?
La devolución todavía no está hecha.
Si el pedido ya está cancelado, no tiene que hacer nada.
Su paquete fue entregado el viernes.
El paquete ya está en el depósito de Madrid.
¿Quiere que cancele el pedido?
Puedo cambiar la dirección si me da la nueva.
Su solicitud está pendiente de aprobación.
Un pedido cancelado no se puede recuperar.
Cuando esté todo listo, le avisaremos.
El repartidor ha cambiado la entrega al lunes.
Su dirección es Calle Mayor 5.
Your delivery is set for Saturday between 9 and 12.
It has been raining, so the truck is late.
The courier called off the pick-up because nobody answered.
I have handled similar questions before.
Approved requests are carried out within a minute.
Your order is confirmed by the shop, not by us.
The parcel got stuck at customs.
Everything is on schedule.
All good questions!
The package has cleared customs.
Consider choosing a safe place next time.
We treat cancelled orders as closed.
Your name is spelled with two s on the label.
Have you changed your number lately?
Let me know as soon as the booking is done.
It has not gone through.
The change takes effect only when staff have agreed.
The delivery was completed at 14:02.
Delivery complete: handed to a neighbour.
The pick-up was done on Tuesday.
The booking confirmation was sent to you by e-mail on 3 May.
Your request was sent to our team and is waiting there.
I took care to read your message twice.
Status: cancelled
Refund status: waiting for our staff
Refund: not completed
Refund of 24.90 EUR: requested
Refund #991: pending
Refunds: usually completed within a day
Delivery: completed
Shipment: created
Phone number: +49 30 1234567
Request #5: waiting
Approval: needed
Address: Hauptstr. 1 (changed route)
Cancellation: free of charge
Order ORD-1001\nStatus: delivered\nPaid: 24.90 EUR
Ihr Paket ist schon durch den Zoll.
Die Zustellung ist abgeschlossen, unterschrieben hat Herr Huber.
Ihr Paket ist auf dem Weg zu Ihnen.
Die Abholung erfolgte am Dienstag.
Haben Sie Ihre Adresse geändert?
Die Sendung ging gestern raus.
Ich habe alles gelesen, was Sie geschrieben haben.
Eine Erstattung erfolgt erst nach Prüfung.
Ihre Bestellung ist bezahlt und unterwegs.
Der Antrag ist eingegangen und wird geprüft.
El paquete ya está en camino.
La entrega se ha realizado esta mañana.
El pedido fue confirmado el lunes.
He leído todo lo que escribió.
Todo depende de la aprobación del equipo.
"""


def claims():
    return [tuple(line.split(": ", 1)) for line in CLAIMS.strip().splitlines()]


def harmless():
    return [line.replace("\\n", "\n") for line in HARMLESS.strip().splitlines()]
