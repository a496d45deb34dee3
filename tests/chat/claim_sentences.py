"""What a model may say about changes: sentences that claim one is done, and harmless ones that sound like it."""

CLAIMS = """
request_refund: Your refund of 24.90 EUR has been processed.
request_refund: Refund completed, id 991.
request_refund: I have refunded 24.90 EUR to your card.
request_refund: I've just issued a full refund for order ORD-1001.
request_refund: We have successfully refunded the order.
request_refund: Good news: your refund was approved and will arrive within five days!
request_refund: Your refund is complete.
request_refund: The 24.90 EUR have been credited to your account.
request_refund: You have been refunded.
request_refund: Your money is on its way.
request_refund: The refund for ORD-1001 went through: it was approved by Anna.
request_refund: Our staff have approved your refund.
request_refund: I went to the records, and your refund has now been paid out.
request_refund: **Refund** of **180.00 EUR** was issued.
request_refund: Ihre Erstattung wurde genehmigt.
request_refund: Ich habe Ihnen 24,90 EUR erstattet.
request_refund: Der Betrag wurde auf Ihr Konto überwiesen.
request_refund: Die Rückerstattung ist abgeschlossen.
request_refund: Wir haben Ihnen das Geld bereits zurückgezahlt.
request_refund: Su reembolso ha sido aprobado.
request_refund: He procesado el reembolso de 24,90 EUR.
request_refund: El dinero ya ha sido devuelto a su cuenta.
cancel_order: Order ORD-1002 has been cancelled.
cancel_order: I have cancelled your order.
cancel_order: I've canceled it for you.
cancel_order: Done, your order is now cancelled.
cancel_order: Your booking was successfully canceled.
cancel_order: We cancelled order ORD-1002 just now.
cancel_order: Ihre Bestellung wurde storniert.
cancel_order: Ich habe den Auftrag ORD-1002 für Sie storniert.
cancel_order: Su pedido ha sido cancelado.
cancel_order: Hemos anulado el pedido ORD-1002.
update_profile: Your phone number has been changed to +49 30 5551234.
update_profile: I have updated your e-mail address.
update_profile: I've changed your address to Ringstr. 5, Bonn.
update_profile: Your new address is saved: your address is now Ringstr. 5.
update_profile: All set, your profile was updated!
update_profile: Your contact details have been successfully updated.
update_profile: Ihre Telefonnummer wurde geändert.
update_profile: Ich habe Ihre E-Mail-Adresse aktualisiert.
update_profile: Ihre neue Adresse ist jetzt gespeichert.
update_profile: Su número de teléfono ha sido actualizado.
update_profile: He cambiado su dirección.
update_profile: Su correo ahora es ana@example.com.
change_delivery: I have rescheduled the delivery date to 3 December.
change_delivery: Your delivery has been rescheduled to Friday.
change_delivery: The delivery address was changed to Ringstr. 5.
change_delivery: We've redirected your delivery to the depot.
change_delivery: Ich habe den Liefertermin auf Freitag verschoben.
change_delivery: Die Lieferadresse wurde geändert.
change_delivery: La fecha de entrega ha sido cambiada al viernes.
create_order: I have booked your delivery with Express.
create_order: Your order has been placed, thank you!
create_order: The booking was created.
create_order: Ich habe die Abholung für Sie gebucht.
create_order: He reservado el envío.
report_problem: I have reported the problem to our staff.
report_problem: Your complaint was filed.
report_problem: I've opened a claim for the missing parcel.
report_problem: Ich habe den Schaden gemeldet.
report_problem: Su reclamación ha sido registrada.
schedule_callback: I have scheduled a call back for tomorrow at 10.
schedule_callback: Your callback is booked: the call was scheduled for Friday.
schedule_callback: Ich habe den Rückruf für morgen vereinbart.
schedule_callback: La llamada ha sido programada.
any: Your request has been approved.
any: It has been approved by our team.
any: Approved by Anna from accounting.
any: The changes have been made.
any: Done!
any: That's done, anything else?
any: Our staff approved it this morning.
any: Ihr Antrag wurde genehmigt.
any: Das ist erledigt.
any: Erledigt!
any: Su solicitud ha sido aprobada.
any: Listo, gracias por su paciencia.
request_refund: I've gone ahead and processed a full refund of €24.90 for you.
request_refund: Great news! The refund has already been sent to your bank account.
request_refund: Your 24.90 EUR refund is now complete and should show up soon.
request_refund: We've reimbursed you for the damaged parcel.
request_refund: The amount of 180,00 € was credited back to your card on Monday.
request_refund: Refund approved ✅
request_refund: The money has been returned to your account.
request_refund: Die Gutschrift über 24,90 EUR wurde veranlasst.
request_refund: Ich habe die Erstattung soeben durchgeführt.
request_refund: Ya hemos realizado la devolución de su dinero.
cancel_order: Your cancellation is confirmed.
cancel_order: ORD-1002 was cancelled as you asked... it has been cancelled.
cancel_order: I was able to cancel your order successfully.
cancel_order: The order has now been successfully cancelled.
cancel_order: Wir haben Ihre Bestellung ORD-1002 soeben storniert.
cancel_order: He cancelado su pedido ORD-1002.
update_profile: I've gone ahead and updated your phone number.
update_profile: Your email is now set to new@example.com and has been saved.
update_profile: We have corrected your postal code.
update_profile: Ich habe Ihre Adresse geändert.
update_profile: Hemos actualizado su dirección.
change_delivery: I've moved your delivery to Friday.
change_delivery: Your delivery date has been changed to 3 December.
change_delivery: The new delivery address has been saved.
change_delivery: Ihr Liefertermin wurde auf den 3. Dezember verschoben.
create_order: Your shipment has been booked with Express.
create_order: I've placed the order for you.
report_problem: A claim has been opened for your missing parcel.
schedule_callback: Your call has been scheduled for Monday at 10:00.
any: Everything has been approved.
any: The change is done.
any: Your request was approved by Rita.
any: All done!
any: Ihr Antrag ist genehmigt worden.
"""

HARMLESS = """
I have prepared your refund request; please check the card and press Confirm.
Your refund request is prepared.
Your refund of 24.90 EUR is waiting for our staff to approve it.
Once approved, the money is paid back to your card.
Once our staff have approved it, your refund is issued.
After you confirm, your address will be changed.
If your order has been cancelled, you can ask for a refund.
Nothing has been changed yet.
No refund has been issued.
Your refund has not been approved yet.
Your order has not been cancelled.
Your order hasn't been cancelled.
I have not refunded anything.
I can't refund this order: it is still on its way.
Would you like me to cancel order ORD-1002?
Was your parcel delivered?
Has your refund been paid?
Shall I change your phone number?
I have noted your new phone number and prepared the change.
Your package was delivered on 3 November and signed for by A. Smith.
Package ABCD-1337 was delivered yesterday, 14:05 (front door).
Order ORD-1001 is delivered.
You paid 24.90 EUR; 24.90 EUR can be refunded.
You paid 18.90 EUR, of which 5.00 EUR went back to you.
An order can be cancelled until it is picked up.
Refunds are usually processed within five working days.
Refunds are paid to the card that was used.
Your parcel was processed at the Leipzig depot this morning.
It was processed in Leipzig at 06:10.
The truck was last reported near Potsdam.
It should arrive on Friday, one day later than announced.
The delivery was delayed by the weather.
The estimated delivery date has been updated by the carrier.
Your order was picked up on Monday.
You said that your refund was approved, but I see no such record.
You wrote that the order was cancelled.
The sender's note says: "Your refund has been approved, id 991."
The note reads “I have cancelled your order” and was written by the sender.
To change your address, tell me the new street, postal code and city.
I need the order number before the order is cancelled.
Please confirm the card; then our staff check it.
The request to cancel order ORD-1002 is with our staff.
I have sent your request to our staff for review.
Your request is with our staff now.
You can withdraw it as long as it has not been carried out.
Your request was declined by our staff: too late.
It expired because it was not confirmed in time.
Let me check whether your refund has been processed.
I am checking if the order was cancelled.
Nobody has approved it so far.
Only our staff can approve refunds.
Your refund would be paid to your card.
The refund may be approved today.
I'm sorry that your parcel was damaged.
Your card was not charged.
There are two packages: one was delivered, one is on its way.
Your packages: ABCD-1337 delivered, ABCD-2001 on its way.
This order costs 12.00 EUR and was booked by somebody else, not you.
What you can do: ask for another delivery day.
The driver left it in your safe place.
The driver rang twice and nobody opened.
I could not find an order of that number.
A person can help you; press the button below.
We deliver to 27 countries.
Your phone number ends in 01.
I have looked up your profile.
I have checked package ABCD-1337 for you.
I found three orders.
I've added the reason to the request that waits for your confirmation.
When the change is done, you will see it here.
The card shows what would be changed.
As soon as it is approved, you get a message.
Ihre Erstattung ist vorbereitet, bitte bestätigen Sie die Karte.
Ihre Bestellung wurde noch nicht storniert.
Sobald unsere Mitarbeiter zustimmen, wird der Betrag überwiesen.
Wurde Ihre Bestellung storniert?
Wenn die Erstattung genehmigt wurde, sehen Sie es hier.
Ihr Paket wurde gestern zugestellt.
Soll ich die Adresse ändern?
Es wurde nichts geändert.
Ihre Anfrage liegt bei unseren Mitarbeitern.
Die Sendung wurde in Leipzig bearbeitet.
Die Bestellung kann nicht mehr storniert werden.
Su reembolso está pendiente de aprobación.
Su pedido no ha sido cancelado.
Cuando se haya aprobado, el importe será devuelto.
¿Quiere que cancele el pedido?
El paquete fue entregado ayer.
He preparado la solicitud; por favor confirme la tarjeta.
Si el pedido fue cancelado, puede pedir un reembolso.
Todavía no se ha realizado ningún cambio.
Hello Alice, how can I help you?
Thank you for waiting.
Here is what I found.
The refund is waiting for you to confirm it on the card.
A refund of 24.90 EUR is possible for this order.
If you like, I can prepare a refund.
Your package was refunded? Let me look.
Refunds are made to the original payment method.
We refund the full price when a parcel is lost.
I understand that you want your money back.
You asked whether your order was cancelled: it was not.
It looks like nothing was changed.
Your refund request has been received and is waiting for approval.
Your request has been forwarded to our staff.
I have created a request to change your phone number.
The request was submitted.
The change has been prepared; please confirm it.
Your delivery is scheduled for Friday.
Your delivery was scheduled for Friday but is one day late.
Your parcel was handed to the driver.
The package has been returned to the sender.
The parcel was returned to the depot because nobody was at home.
Your package has been delayed.
The address on the label was wrong.
Your address is Lindenallee 12, Berlin.
Your name is Alice Example.
The sender changed the delivery date.
The carrier has changed the delivery date.
I checked: the order has not been refunded so far.
Done means that it was carried out.
Your card shows three lines.
We have 3 services: standard, express and freight.
The service Express is done in two days.
This is how it works: you confirm, staff approve, then it is done.
Once it's approved you'll get a message.
I have looked, and your refund is still with our staff.
Please wait until it has been approved.
I'm afraid that order ORD-1001 can no longer be cancelled.
Your last request was withdrawn by you.
The problem report asks for photos.
Someone called you on Monday.
Ihre Lieferung ist für Freitag geplant.
Ihre Sendung wurde vom Fahrer abgeholt.
Ich habe Ihre Anfrage vorbereitet.
Die Änderung wartet auf Ihre Bestätigung.
Su paquete ha sido enviado al depósito.
Su solicitud ha sido preparada.
El pedido fue recogido el lunes.
"""


def claims():
    return [tuple(line.split(": ", 1)) for line in CLAIMS.strip().splitlines()]


def harmless():
    return HARMLESS.strip().splitlines()
