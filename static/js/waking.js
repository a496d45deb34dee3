// @ts-check
// Notices when this tab comes back from where its line may have died unheard: no network, another tab, a closed laptop.

const AWAY_MS = 20_000;

/** @param {() => void} wake */
export function watchForWaking(wake) {
  let hiddenAt = Date.now();
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenAt = Date.now();
    else if (Date.now() - hiddenAt > AWAY_MS) wake();
  });
}
