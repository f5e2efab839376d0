/**
 * `npm run modem`: a simulated modem on a pseudo-terminal, for any program that speaks AT. Its UDP
 * sockets really send. With --probe a real modem on a serial port is asked instead.
 */
import { existsSync, lstatSync, symlinkSync, unlinkSync } from "node:fs";
import { createModem, families } from "../sim/modem/families";
import { quirkNames, quirksNamed } from "../sim/modem/quirk-names";
import { withoutSecrets } from "../sim/modem/secret-lines";
import { InternetAttachment } from "../sim/radio/internet-attachment";
import { escaped } from "../model/escaped";
import { paletteFor } from "../inspect/report/style";
import { withoutPassword } from "../tools/pc/identity-mask";
import { PtyError, openPty } from "../tools/pc/pty";
import { WallClock } from "../tools/pc/wall-clock";
import { Random } from "../sim/time/random";
import { Argument, Command } from "./command";
import { CommandError, misuse, systemReason, wholeNumber } from "./misuse";
import { probeModem } from "./modem-probe";
import { addSimulationFlags } from "./simulation-flags";
import type { SerialModemSide } from "../sim/modem/uart";
import type { Endpoint } from "../sim/radio/link";

/** Options that say how a modem is simulated, and those of a probe. */
const simulationOnly = ["seed", "link", "quirks", "imei", "attach", "route", "anywhere", "fast", "quiet"];
const probeOnly = ["baud", "capture", "identity"];

interface ModemFlags {
  probe?: string;
  baud?: number;
  identity?: boolean;
  capture: string;
  seed: number;
  link?: string;
  quirks?: string;
  imei: string;
  attach: number;
  route?: { from: string; to: Endpoint };
  anywhere?: boolean;
  fast: number;
  quiet?: boolean;
}

/** The `modem` command. */
export function modemCommand(): Command {
  const command = new Command("modem")
    .configureHelp({ commandUsage: () => "npm run modem -- FAMILY [options]   or   -- --probe PATH" })
    .addArgument(new Argument("[family]", "the modem's family").choices([...families.keys()]))
    .option("--link <path>", "a name of your own for the terminal, such as /tmp/modem")
    .option("--attach <s>", "seconds until it is registered", wholeNumber("--attach", 0, 3_600), 3)
    .option("--route <map>", "address=HOST:PORT, an IPv4 address that is reached there", routeOption)
    .option("--anywhere", "datagrams may leave this machine (default: loopback only)")
    .option("--imei <digits>", "its IMEI", imeiOption, "864600030000017");
  return addSimulationFlags(command, { seed: { text: "seed of its delays and habits", default: 1 } })
    .option("--quirks <list>", `misbehaviour: ${quirkNames.join(", ")}`)
    .option("--fast <n>", "runs that many times faster", wholeNumber("--fast", 1, 1_000), 1)
    .option("--quiet", "does not show the AT exchange")
    .option("--probe <path>", "asks a real modem on this serial port who it is, and what is known of it")
    .option("--baud <rate>", "its rate (default: found out)", wholeNumber("--baud", 300, 4_000_000))
    .option("--capture <file>", "where the probe's exchange goes", "modem-probe.txt")
    .option("--identity", "leaves IMEI, IMSI, card number and addresses in it")
    .addHelpText(
      "after",
      `\nWhile it runs, type: key MS (press PWRKEY so long), reset MS, wake MS, reboot, deaf, psm, quit`,
    )
    .action(runModem);
}

async function runModem(name: string | undefined, flags: ModemFlags, command: Command): Promise<void> {
  const given = (option: string): boolean => command.getOptionValueSource(option) === "cli";
  if (flags.probe !== undefined) {
    if (name !== undefined) throw misuse(`--probe finds the family out: leave "${name}" out`);
    for (const option of simulationOnly) {
      if (given(option)) throw misuse(`--${option} is for a simulated modem, not for --probe`);
    }
    return probeModem({ ...flags, probe: flags.probe }, (text) => void process.stdout.write(`${text}\n`));
  }
  if (name === undefined) {
    throw misuse(`name the family of the modem to simulate (${[...families.keys()].join(", ")}), or --probe`);
  }
  for (const option of probeOnly) {
    if (given(option)) throw misuse(`--${option} is for --probe`);
  }
  const quirks = flags.quirks === undefined ? {} : quirksNamed(flags.quirks.split(","));
  if (typeof quirks === "string") throw misuse(`--quirks: ${quirks}`);
  const clock = new WallClock(flags.fast);
  const random = new Random(flags.seed);
  const palette = paletteFor(process.stdout);
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const shown = (text: string): void => {
    if (flags.quiet !== true) say(`${palette.dim((clock.now / 1_000).toFixed(3).padStart(10))}  ${text}`);
  };
  const network = new InternetAttachment({
    scheduler: clock,
    random: random.fork("radio"),
    attachTime: 1_000 * flags.attach * flags.fast,
    route: (to) => routeOf(to, flags, shown),
    onFault: (text) => shown(palette.red(`not sent: ${text}`)),
  });
  const port: SerialModemSide = {
    write: (bytes) => pty.write(bytes),
    onReceive: () => {},
    setPowered: (on) => (powered = on),
  };
  let powered = false;
  const pty = await openPty((bytes) => {
    void clock.catchUp().then(() => {
      // A modem whose UART sleeps hears nothing; one that a byte wakes keeps its ear at the wire.
      if (powered) port.onReceive(Uint8Array.from(bytes));
    });
  }).catch((error: unknown) => {
    throw error instanceof PtyError ? new CommandError(1, error.message) : error;
  });
  let link: string | undefined;
  try {
    link = flags.link === undefined ? undefined : linkTo(pty.path, flags.link);
  } catch (error) {
    pty.close();
    throw error;
  }
  const modem = createModem(name, {
    scheduler: clock,
    random: random.fork("modem"),
    port,
    network,
    imei: flags.imei,
    epoch: Date.now(),
    quirks,
    onEvent: (event) => {
      if (event.type === "power") shown(palette.cyan(`power ${event.state} (${event.reason})`));
      if (event.type === "psm") shown(palette.cyan(`psm ${event.state}`));
      if (event.type === "send") shown(palette.cyan(`datagram of ${event.bytes.length} bytes sent`));
      if (event.type === "receive") shown(palette.cyan(`datagram of ${event.bytes.length} bytes received`));
    },
    // A driver of a person's own tells it the secrets of a real card.
    onLine: (direction, line) => {
      const text = withoutPassword(withoutSecrets(line));
      shown(`${direction === "host" ? ">" : "<"} ${escaped(folded(text))}`);
    },
  });
  say(`${name} on ${link ?? pty.path}, ${families.get(name)!.baud} baud`);
  await new Promise<void>((resolve, reject) => {
    clock.start(reject);
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
    const press = (set: (low: boolean) => void, ms: number): void => {
      set(true);
      clock.after(ms, () => set(false));
    };
    process.stdin.on("data", (bytes: Buffer) => {
      for (const typed of bytes.toString("latin1").split("\n")) {
        const [word, number] = typed.trim().split(/\s+/);
        const ms = Math.min(60_000, Number(number) || 1_100);
        if (word === "key") press((low) => modem.setPowerKey(low), ms);
        else if (word === "reset") press((low) => modem.setReset(low), ms);
        else if (word === "wake") press((low) => modem.setWakePin(low), ms);
        else if (word === "reboot") modem.reboot("typed");
        else if (word === "deaf") modem.deafen();
        else if (word === "psm") say(modem.state);
        else if (word === "quit") resolve();
        else if (word !== undefined && word !== "") say(`no such word: ${escaped(word.slice(0, 20))}`);
      }
    });
    process.stdin.on("error", () => {});
  }).finally(() => {
    clock.stop();
    network.close();
    pty.close();
    if (link !== undefined) unlinkSync(link);
    process.stdin.destroy();
  });
}

/** Where a datagram really goes. */
function routeOf(to: Endpoint, flags: ModemFlags, shown: (text: string) => void): Endpoint | undefined {
  if (flags.route?.from === to.address) return flags.route.to;
  if (flags.anywhere === true || to.address.startsWith("127.")) return to;
  shown(`not sent to ${to.address}: only this machine is reached without --anywhere or --route`);
  return undefined;
}

/** Digits of datagrams are of no use to a reader, and may hold a token. */
function folded(text: string): string {
  return text.replace(/[0-9A-Fa-f]{24,}/g, (digits) => `<${digits.length / 2} bytes>`);
}

function linkTo(path: string, link: string): string {
  try {
    // What an earlier run that was killed has left: a link to a terminal that is gone.
    if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true && !existsSync(link)) {
      unlinkSync(link);
    }
    symlinkSync(path, link);
    return link;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === "EEXIST"
        ? "is there already: remove it, or name another"
        : `cannot be made (${systemReason(error)})`;
    throw misuse(`--link ${link}: ${why}`);
  }
}

function imeiOption(text: string): string {
  if (!/^\d{15}$/.test(text)) throw misuse(`--imei takes 15 digits, got "${text.slice(0, 40)}"`);
  return text;
}

function routeOption(text: string): { from: string; to: Endpoint } {
  const match = /^([\d.]{7,15})=([\d.]{7,15}):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[3]) < 1 || Number(match[3]) > 65_535) {
    throw misuse(`--route takes 203.0.113.5=127.0.0.1:5683 or the like, got "${text.slice(0, 60)}"`);
  }
  return { from: match[1], to: { address: match[2], port: Number(match[3]) } };
}
