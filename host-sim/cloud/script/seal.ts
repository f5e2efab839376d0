/**
 * What a parsing script of sealed payloads says of an envelope that it opened: its global `lastSealed`. EnOS looks at no
 * such thing. The script has no memory, so that it is for its operator to notice what comes twice.
 */
export interface Seal {
  /** The device that sealed it, by the envelope itself: up to 255 printable characters of ASCII. */
  readonly deviceKey: string;
  /** Of the device's start, 8 bytes as hexadecimal digits. */
  readonly salt: string;
  /** Counts the envelopes of that start, 0 to 65,535. */
  readonly counter: number;
  /** Which of the script's two keys opened it. */
  readonly root: 0 | 1;
}
