/**
 * The board's chance, handed to all that needs some: tokens, message ids, Request-Tags, and the spread of
 * pauses. Whoever can foretell a token can forge the server's answer.
 */

/**
 * A number in [0, 1), of 31 random bits. XS's Math.random on an ESP32 draws each from `esp_random`, which is
 * random in truth while the radio is on or the bootloader's source of entropy is, and this board's own radio
 * never is: docs/security.md says how it is fed.
 */
export function random(): number {
  return Math.random();
}
