/**
 * Which pins are taken. An ESP32 has GPIO 0 to 39 (34 to 39 can only be read).
 */

const pinCount = 40;
const firstInputOnly = 34;
const taken = new Uint8Array(pinCount);

/** @throws Error "invalid pin", "in use", as Moddable's IO classes do */
export function checkPin(pin: unknown): number {
  const number = Number(pin);
  if (!Number.isInteger(number) || number < 0 || number >= pinCount) throw new Error("invalid pin");
  if (taken[number] === 1) throw new Error("in use");
  return number;
}

/** @throws RangeError "input only" */
export function checkOutput(pin: number): void {
  if (pin >= firstInputOnly) throw new RangeError("input only");
}

export function takePin(pin: number): void {
  taken[pin] = 1;
}

export function freePin(pin: number): void {
  taken[pin] = 0;
}
