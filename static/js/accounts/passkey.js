// @ts-check
// Shows the buttons for passkeys, which need JavaScript, and says on the page when one could not be made or used.

for (const button of document.querySelectorAll("[data-part='passkey']")) {
  if (button instanceof HTMLElement) button.hidden = false;
}

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const line = document.querySelector("[data-part='passkey-error']");
  if (line instanceof HTMLElement) line.hidden = false;
});
