/**
 * What the project's own tests take of processor time. Machines differ by a factor of three, so it is told in turns of a
 * yardstick that is measured in the same run: reading and writing a message 300,000 times by coap-packet, which is
 * nobody's of this project. The bars are parts of what the tests took before they were cut into projects.
 */
import { spawnSync } from "node:child_process";
import { generate, parse } from "coap-packet";
import { projectRoot } from "../../project";

/** Bytes that a run of all tests prints at most: a line a test, and what fails. */
const mostOutput = 1 << 28;

/** What one of the commands took. */
export interface TestFigures {
  /** s of processor time of all its processes, and s that went by. */
  readonly processor: number;
  readonly seconds: number;
}

/**
 * Runs `npm run NAME`. The shell tells what its children took, for Node knows it of itself alone.
 *
 * @throws Error when a test fails, or where there is no POSIX shell
 */
export function runTests(name: "test" | "test:quick"): TestFigures {
  const began = performance.now();
  const words = ["-c", `npm run --silent ${name} >&2; code=$?; times; exit $code`];
  const options = { cwd: projectRoot(), encoding: "utf8", maxBuffer: mostOutput } as const;
  const { error, status, stdout, stderr } = spawnSync("sh", words, options);
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`npm run ${name} ended with ${status}: ${stderr.slice(-400)}`);
  return { processor: childrensTime(stdout), seconds: (performance.now() - began) / 1_000 };
}

/**
 * s of processor time that the shell's children took, user's and system's, of what `times` prints (POSIX, section 2.14):
 *
 *     0m0.00s 0m0.00s        of the shell
 *     4m12.34s 0m31.20s      of its children
 *
 * NaN for another text.
 */
export function childrensTime(text: string): number {
  const found = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(text.split("\n")[1] ?? "");
  if (found === null) return NaN;
  const [minutes, seconds, systemMinutes, systemSeconds] = found.slice(1).map(Number);
  return 60 * (minutes + systemMinutes) + seconds + systemSeconds;
}

/** s of processor time of the yardstick: 300,000 messages. */
export function yardstick(): number {
  const message = {
    code: "0.02",
    messageId: 0x4a1c,
    token: Buffer.of(0x9f, 0x86, 0xd0, 0x81),
    options: ["topic", "sys", "a1b2c3", "d4e5f6"].map((segment) => ({
      name: "Uri-Path" as const,
      value: Buffer.from(segment),
    })),
    payload: Buffer.alloc(100, 0x2a),
  } as const;
  const turns = (count: number): number => {
    const before = process.cpuUsage();
    for (let i = 0; i < count; i++) parse(generate({ ...message, options: [...message.options] }));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
  turns(30_000);
  return turns(300_000);
}
