/**
 * What a debug build (`mcconfig -d`) writes to its serial port: not text, but the messages of Moddable's debugger, and
 * the log in them.
 *
 *     <?xs.3FFB1C40?>
 *     <xsbug><log>report: taken id=7 format=raw&#10;</log></xsbug>
 *
 * The machine says `login` at its start and waits for `go`. Nobody answers for two seconds, and it takes the debugger
 * for absent and logs nothing more until it starts anew: so whoever wants to read has to answer. A machine that stops,
 * at a breakpoint or for an exception that nobody caught, says `break` and waits in the same way.
 *
 * Taken from the Moddable SDK 8.2.3: xs/sources/xsDebug.c (fxLogin, fxVReport, fxEchoString), xs/platforms/esp/xsPlatform.c
 * (fx_putpi, fxReceive, fxReceiveLoop) and tools/serial2xsbug.
 */

/** What a line of the port was. */
export type XsbugLine =
  /** Lines of the log, without their ends. */
  | { readonly kind: "log"; readonly lines: readonly string[] }
  /** A machine has started, or has stopped at `text`, and waits for `answer`. */
  | { readonly kind: "login" | "break"; readonly text: string; readonly answer: Uint8Array | undefined }
  /** The debugger's own affairs. */
  | { readonly kind: "other" };

/** Which machine speaks: `.` goes on, `-` leaves, `#` is followed by bytes. */
const instruction = /^<\?xs([.#-])([0-9A-Fa-f]{8})\?>$/;
const entity = /&#(\d{1,7});|&(lt|gt|amp|quot|apos);/g;
const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
/** Longest piece of a log line that waits for its end, characters. */
const longestPiece = 16_384;

/** Tells the debugger's messages from lines of text, and reads them. */
export class XsbugWire {
  #machine: string | undefined;
  /** A message of which the end has not come yet: an exception's has a line end in it. */
  #message = "";
  /** A line of the log of which the end has not come yet. */
  #piece = "";

  /** True once something of a debug build was read. */
  get spoken(): boolean {
    return this.#machine !== undefined;
  }

  /** @param line a line of the port; undefined for one that is none of the debugger's */
  read(line: string): XsbugLine | undefined {
    const match = instruction.exec(line);
    if (match !== null) {
      if (match[1] === ".") this.#machine = match[2];
      this.#message = "";
      return { kind: "other" };
    }
    if (this.#message === "" && !line.startsWith("<xsbug>")) return undefined;
    const message = this.#message + line;
    this.#message = "";
    if (message.includes("</xsbug>")) return this.#read(message);
    if (message.length < longestPiece) this.#message = `${message}\n`;
    return { kind: "other" };
  }

  #read(line: string): XsbugLine {
    if (line.includes("<login ")) {
      const name = /<login name="([^"]{0,200})" value="([^"]{0,200})"/.exec(line);
      const text = name === null ? "a machine" : `${plain(name[1])}, ${plain(name[2])}`;
      return { kind: "login", text, answer: this.#go() };
    }
    const stop = /<break(?: [^>]{0,600})?>(.*?)<\/break>/s.exec(line);
    if (stop !== null) return { kind: "break", text: plain(stop[1]).trim(), answer: this.#go() };
    const log = /<log(?: [^>]{0,600})?>(.*?)<\/log>/s.exec(line);
    if (log === null) return { kind: "other" };
    const pieces = (this.#piece + plain(log[1])).split(/\r\n|\r|\n/);
    this.#piece = pieces.pop()!.slice(0, longestPiece);
    return { kind: "log", lines: pieces.filter((each) => each !== "") };
  }

  /** The machine goes on. */
  #go(): Uint8Array | undefined {
    if (this.#machine === undefined) return undefined;
    return Buffer.from(`\r\n<?xs.${this.#machine}?>\r\n<go/>\r\n`, "latin1");
  }
}

/** Text without the entities that it was written with. */
function plain(text: string): string {
  return text.replace(entity, (whole, digits: string | undefined, name: string | undefined) => {
    if (name !== undefined) return named[name];
    const code = Number(digits);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
      ? String.fromCodePoint(code)
      : whole;
  });
}
