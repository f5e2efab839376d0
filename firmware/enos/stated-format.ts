/**
 * Whether the server is told the Content-Format of bytes for a parsing script (RFC 7252 section 5.10.3). EnOS's manual
 * writes its requests without, and among its codes is none for a format, so that two bytes of each datagram can be
 * spared. A server that refuses the first request without it gets it from then on: by 4.15, which says that a format
 * is to blame, or by 4.00, which may say so as long as none was accepted without.
 */
import { Code } from "../coap/code";
import { OptionNumber, encodeUint } from "../coap/option";
import type { Option } from "../coap/option";
import type { FormatMemory, FormatSetting } from "./session-options";

/** What one server wants to be told. */
export class StatedFormat {
  readonly #memory: FormatMemory | undefined;
  #stated: boolean;
  /** It is stated for good: by the setting, or as the server has taken only requests that state it. */
  #kept: boolean;
  /** The server has accepted a request that does not state it since start. */
  #bareTaken = false;

  constructor(setting: FormatSetting = "auto", memory?: FormatMemory) {
    this.#memory = memory;
    this.#kept = setting === "always" || memory?.statesFormat === true;
    this.#stated = this.#kept;
  }

  /** The option for a request with this format, where the server is told it. */
  optionOf(format: number | undefined): Option | undefined {
    if (format === undefined || !this.#stated) return undefined;
    return { number: OptionNumber.contentFormat, value: encodeUint(format) };
  }

  /** The server has accepted a request with bytes. Whether that shows that it has to be told their format. */
  accepted(): boolean {
    if (!this.#stated) this.#bareTaken = true;
    if (!this.#stated || this.#kept) return false;
    this.#kept = true;
    this.#memory?.keepStatesFormat();
    return true;
  }

  /**
   * The server has refused a request with bytes. Whether it is to be sent once more, and states their format then;
   * where that did not help either, the next request does not state it again.
   *
   * @param again it was sent once more already
   */
  refused(code: number, again: boolean): boolean {
    if (again && !this.#kept) this.#stated = false;
    if (again || this.#stated) return false;
    const blamed = code === Code.unsupportedContentFormat || (code === Code.badRequest && !this.#bareTaken);
    if (blamed) this.#stated = true;
    return blamed;
  }
}
