/**
 * Changes of the firmware that show what an update costs: each is made in the text of its sources when it is needed, so that
 * it is one of the firmware as it stands.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../project";

/** An edit of a source: what stands there once, and what is to stand there. */
interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const application = "firmware/application.ts";
const uploader = "firmware/delivery/uploader.ts";

const constant: readonly Edit[] = [
  { file: application, from: "const tooHot = 60;", to: "const tooHot = 65;" },
];

/** Seven lines that come in, and two that change: a getter, a call of it, and texts of templates. */
const nineLines: readonly Edit[] = [
  {
    file: uploader,
    from: "  /** Entries that wait for the cloud's acknowledgement. */\n",
    to:
      "  get tallyText(): string {\n" +
      "    const { acknowledged, refused } = this.totals;\n" +
      "    const { waiting } = this;\n" +
      "    return `${acknowledged} sent, ${refused} refused, ${waiting} wait`;\n" +
      "  }\n\n" +
      "  /** Entries that wait for the cloud's acknowledgement. */\n",
  },
  {
    file: uploader,
    from: "text: `in done: ${reasonOf(error)}` });",
    to: "text: `in done, after ${this.tallyText}: ${reasonOf(error)}` });",
  },
  {
    file: uploader,
    from: "payload = `fault ${reasonOf(error)}`;",
    to: "payload = `fault in it: ${reasonOf(error)}`;",
  },
];

/** A start that ends with an exception, as of a firmware that was never run on a board. */
const panic: readonly Edit[] = [
  {
    file: "firmware/main.ts",
    from: "export default function main(): void {\n",
    to: 'export default function main(): void {\n  if (version !== "") throw new Error("a firmware that nobody has tried");\n',
  },
];

/** It starts and has a network, and never hears the cloud: a comparison is the wrong way round. */
const mute: readonly Edit[] = [
  {
    file: "firmware/modem/udp.ts",
    from: "if (this.#closed || this.#received.length >= receiveLimit) return;",
    to: "if (this.#closed || this.#received.length < receiveLimit) return;",
  },
];

/** By their names. */
const changes = { constant, "nine lines": nineLines, panic, mute };
export type ExampleChange = keyof typeof changes;

/**
 * Sources of the firmware with a change and another version: their text by the path from the project's root.
 *
 * @param base sources that are others than those of the project already
 * @throws Error where what is to change does not stand there once
 */
export function changedSources(
  change: ExampleChange | undefined,
  version: string,
  base: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const sources = new Map(base);
  const textOf = (file: string): string =>
    sources.get(file) ?? readFileSync(join(projectRoot(), file), "utf8");
  for (const { file, from, to } of change === undefined ? [] : changes[change]) {
    const pieces = textOf(file).split(from);
    if (pieces.length !== 2)
      throw new Error(`${file} has ${pieces.length - 1} times what is to change: ${from}`);
    sources.set(file, pieces.join(to));
  }
  const file = "firmware/product/version.ts";
  sources.set(file, textOf(file).replace(/version = "[^"]*"/, `version = ${JSON.stringify(version)}`));
  return sources;
}
