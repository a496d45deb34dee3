// @ts-check
// What a message offers beside its text, by the type of its data. A type we do not know offers nothing.

import { part, stamp } from "./dom.js";

/**
 * @param {Record<string, any> | null} data
 * @param {() => boolean} handOver
 * @returns {HTMLElement | null}
 */
export function offerFor(data, handOver) {
  if (data?.type === "handoff_offer") return handoffOffer(handOver);
  if (data?.type === "tracking_form") return withoutModel(data.number, handOver);
  return null;
}

/** @param {() => boolean} handOver */
function handoffOffer(handOver) {
  const element = stamp("handoff-offer");
  const button = part(element, "hand-over");
  button.addEventListener("click", () => {
    if (handOver()) button.setAttribute("disabled", "");
  });
  return element;
}

/**
 * No model answers: the records do, and so does a person.
 * @param {unknown} number
 * @param {() => boolean} handOver
 */
function withoutModel(number, handOver) {
  const element = document.createElement("div");
  element.append(trackingForm(number), handoffOffer(handOver));
  return element;
}

/** @param {unknown} number */
function trackingForm(number) {
  const element = stamp("tracking-form");
  const field = /** @type {HTMLInputElement} */ (part(element, "number"));
  field.id = `track-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  part(element, "number-label").setAttribute("for", field.id);
  if (typeof number === "string") field.value = number;
  return element;
}
