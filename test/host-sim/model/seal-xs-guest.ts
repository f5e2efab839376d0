/** The sealed parsing script in an engine; its built-ins are frozen, as on the board. */
import { decodeUtf8, encodeUtf8 } from "../../../firmware/text/utf8";

/** What the script is given, and when. */
export interface SealJob {
  readonly source: string;
  /** Epoch ms. */
  readonly now: number;
  /** Bytes of devices, as numbers with a sign. */
  readonly ups: readonly (readonly number[])[];
  /** JSON of commands and answers. */
  readonly downs: readonly string[];
}

for (const each of [Object, Array, String, Number, Uint8Array, DataView, Error, Function]) {
  Object.freeze(each.prototype);
  Object.freeze(each);
}

interface Script {
  toJson(bytes: readonly number[]): string;
  toRaw(json: string): number[];
  told(): unknown;
}

/** What came of each: JSON and what was told of its envelope, bytes, or what was thrown. */
function work({ source, now, ups, downs }: SealJob): string[] {
  const clock = `var Date = function () { this.getTime = function () { return ${now}; }; };`;
  const told = "told: function () { return lastSealed; }";
  const functions = `return { toJson: rawDataToJsonStr, toRaw: jsonStrToRawData, ${told} };`;
  // oxlint-disable-next-line no-eval -- the script that is tested arrives as text, as it does in EnOS
  const script = (0, eval)(`(function () { ${clock}\n${source}\n${functions} })()`) as Script;
  const tried = (what: () => string): string => {
    try {
      return what();
    } catch (error) {
      return `! ${(error as Error).message}`;
    }
  };
  return [
    ...ups.map((bytes) => tried(() => `${script.toJson(bytes)} ${JSON.stringify(script.told())}`)),
    ...downs.map((json) => tried(() => script.toRaw(json).join())),
  ];
}

Object.defineProperty(globalThis, "handleCommand", {
  value: (event: ArrayBuffer) => {
    const job = JSON.parse(decodeUtf8(new Uint8Array(event))!) as SealJob;
    return { result: encodeUtf8(JSON.stringify(work(job))).buffer };
  },
});
