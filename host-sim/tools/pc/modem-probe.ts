/**
 * Asks a real modem who it is and how it is set, by commands that only read, and compares that with what this
 * project knows: the driver's family, the firmware generations of its manual's table, and which commands of the
 * driver's bring-up this firmware does not have.
 */
import { setTimeout as realPause } from "node:timers/promises";
import { families as driven } from "../../../firmware/modem/family/index";
import { parseAtCommand } from "../../sim/modem/at-command";
import { families as simulated } from "../../sim/modem/families";
import { ManualTable } from "../../sim/modem/manual/manual";
import { AtDialogue } from "./at-dialogue";
import { driverCommands, nameOf } from "./driver-commands";
import type { Family } from "../../../firmware/modem/family/family";
import type { FirmwareGeneration } from "../../sim/modem/manual/manual";
import type { Answer, OnLine } from "./at-dialogue";
import type { IdentityMask } from "./identity-mask";

/** The port, as the probe uses it. */
export interface ProbedPort {
  write(bytes: Uint8Array): void;
  setBaud(rate: number): Promise<void>;
}

/** What a probe has found. */
export interface Findings {
  readonly baud: number;
  /** What `AT+CGMM` and `AT+CGMR` say, lines put together. */
  readonly model: string;
  readonly revision: string;
  readonly family?: Family;
  /** The firmware of the family's table that it is, or comes nearest to. */
  readonly generation?: FirmwareGeneration;
  readonly exact: boolean;
  /** Names of the generations that the table has. */
  readonly known: readonly string[];
  /** Commands of the driver's bring-up that the modem does not know, or a value that it does not take. */
  readonly missing: readonly string[];
  /** Lines of the bring-up that the generation's table refuses. */
  readonly refusedByTable: readonly string[];
  /** How many commands were tried of the driver's. */
  readonly tried: number;
  /** The answers by their commands. */
  readonly answers: ReadonlyMap<string, Answer>;
}

/** Rates that modems come with, the likeliest first. */
export const usualRates: readonly number[] = [
  115_200, 9_600, 57_600, 38_400, 19_200, 4_800, 460_800, 230_400, 921_600,
];

/** ms for an answer; some firmwares ask their radio or card first. */
const patience = 8_000;
/** Questions that find a modem on its wire: one that sleeps lightly loses the first. */
const knocks = 4;
const knockTime = 350;
/** How long an answer may be late, ms: it must not pass for that of the next command. */
const lateAnswer = 500;
/** Pause behind an answer, ms: SARA modems lose a command that comes sooner, others do not. */
const gaps = { stranger: 120, other: 20 };
/** Silent answers in a row after which the modem is taken for asleep or gone. */
const silences = 3;

/** Whose it is: asked for to be found again in other lines, and masked. */
const identity: readonly (readonly [command: string, word: string])[] = [
  ["AT+CGSN", "IMEI"],
  ["AT+CGSN=1", "IMEI"],
  ["AT+CIMI", "IMSI"],
  ["AT+CCID", "card number"],
  ["AT+NCCID", "card number"],
  ["AT+QCCID", "card number"],
];

/** What any modem is asked, behind its identity. */
const common: readonly string[] = [
  "ATI",
  "AT+CGMI",
  "AT+CGMR",
  "AT+CMEE?",
  "AT+CPIN?",
  "AT+CFUN?",
  "AT+CEREG?",
  "AT+CEREG=?",
  "AT+COPS?",
  "AT+CSQ",
  "AT+CESQ",
  "AT+CGATT?",
  "AT+CGDCONT?",
  "AT+CGCONTRDP",
  "AT+CGPADDR",
  "AT+CPSMS?",
  "AT+CEDRXS?",
  "AT+CEDRXRDP",
  "AT+CCLK?",
  "AT+CEER",
];

const simcom = ["AT+CNMP?", "AT+CMNB?", "AT+CBANDCFG?", "AT+CPSI?", "AT+CNACT?", "AT+IPR?", "AT+CLTS?"];
const quectelNarrow = ["AT+QBAND?", "AT+QENG=0", "AT+QSCLK?", "AT+IPR?", "AT+QCCLK?", 'AT+QCFG="dsevent"'];
const huawei = ["AT+NBAND?", "AT+NUESTATS", "AT+NCONFIG?", "AT+NPSMR?", "AT+NATSPEED?"];
const sara = ["AT+URAT?", "AT+UBANDMASK?", "AT+UMNOPROF?", "AT+UCPSMS?", "AT+IPR?", "AT+UCGED?"];

/** What the modems of a family are asked besides. */
const special: Readonly<Record<string, readonly string[]>> = {
  sim7020: ["AT+CBAND?", "AT+CENG?", "AT+IPR?", "AT+CPSMSTATUS?", "AT+RETENTION?"],
  sim7080: simcom,
  sim7000: simcom,
  bc66: quectelNarrow,
  bc660k: quectelNarrow,
  bc95: huawei,
  "sara-n2": huawei,
  bg95: [
    'AT+QCFG="nwscanmode"',
    'AT+QCFG="nwscanseq"',
    'AT+QCFG="iotopmode"',
    'AT+QCFG="band"',
    "AT+QNWINFO",
    "AT+QCSQ",
    "AT+QIACT?",
    "AT+IPR?",
    "AT+QLTS=1",
  ],
  "sara-r4": sara,
  "sara-r5": sara,
};

/** Commands whose test form searches for networks, for minutes. */
const slowTests = new Set(["AT+COPS", "AT+CGMM", "AT+CGSN"]);

/** Why a modem could not be asked. */
export class ProbeError extends Error {
  override name = "ProbeError";
}

/** What a probe is given. */
export interface ProbeOptions {
  readonly port: ProbedPort;
  /** Rates to try, in this order. */
  readonly rates: readonly number[];
  readonly mask: IdentityMask;
  /** Each line of the exchange, as it went by. */
  readonly onLine?: OnLine;
  /** Waits so many ms; by the machine's clock when left out. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

/** Asks a modem. */
export class ModemProbe {
  readonly #options: ProbeOptions;
  readonly #dialogue: AtDialogue;
  readonly #answers = new Map<string, Answer>();
  readonly #pause: (ms: number) => Promise<unknown>;
  #silent = 0;
  #gap = gaps.stranger;

  constructor(options: ProbeOptions) {
    this.#options = options;
    this.#pause = options.pause ?? realPause;
    this.#dialogue = new AtDialogue(options.port, options.onLine);
  }

  /** Bytes from the modem. */
  receive(bytes: Uint8Array): void {
    this.#dialogue.receive(bytes);
  }

  /** @throws ProbeError in one line when no modem answers, or it stops answering */
  async run(): Promise<Findings> {
    const baud = await this.#findRate();
    await this.#ask("AT+CGMM");
    if (this.#told("AT+CGMM") !== "" && !/SARA/i.test(this.#told("AT+CGMM"))) this.#gap = gaps.other;
    for (const [command, word] of identity) this.#learn(await this.#ask(command), word);
    for (const command of common) await this.#ask(command);
    const model = this.#told("AT+CGMM");
    const revision = this.#told("AT+CGMR") || this.#told("ATI");
    const text = `${model} ${this.#told("ATI")}`.toUpperCase();
    const family = driven.find(({ models }) => models.some((each) => text.includes(each)));
    if (family === undefined) {
      return {
        baud,
        model,
        revision,
        exact: false,
        known: [],
        missing: [],
        refusedByTable: [],
        tried: 0,
        answers: this.#answers,
      };
    }
    for (const command of special[family.name] ?? []) await this.#ask(command);
    const lines = driverCommands(family);
    const missing = await this.#missing(lines);
    const { manual } = simulated.get(family.name) ?? {};
    const { generation, exact } = nearest(manual?.generations ?? [], revision);
    const table = generation === undefined ? undefined : new ManualTable(manual!, generation.name);
    const refusedByTable = lines.filter((line) => table?.refusal(parseAtCommand(line)!) !== undefined);
    const known = (manual?.generations ?? []).map(({ name }) => name);
    const tried = new Set(lines.map(nameOf).filter((name) => name !== undefined)).size;
    const answers = this.#answers;
    return {
      baud,
      model,
      revision,
      family,
      generation,
      exact,
      known,
      missing,
      refusedByTable,
      tried,
      answers,
    };
  }

  async #findRate(): Promise<number> {
    const noisy: number[] = [];
    for (const rate of this.#options.rates) {
      await this.#options.port.setBaud(rate);
      this.#dialogue.clear();
      for (let i = 0; i < knocks; i++) {
        if ((await this.#dialogue.ask("AT", knockTime)).result !== "OK") continue;
        await this.#pause(lateAnswer);
        return rate;
      }
      if (this.#dialogue.heard() === "noise") noisy.push(rate);
    }
    const rates = this.#options.rates.join(", ");
    throw new ProbeError(
      noisy.length > 0
        ? `bytes came at ${noisy.join(", ")} baud, but no text: another rate? tried ${rates}`
        : `no modem answers at ${rates} baud: check that it is on (PWRKEY), awake, and that its TX is at this port's RX`,
    );
  }

  async #ask(command: string): Promise<Answer> {
    await this.#pause(this.#gap);
    const answer = await this.#dialogue.ask(command, patience);
    this.#answers.set(command, answer);
    this.#silent = answer.result === undefined ? this.#silent + 1 : 0;
    if (answer.result === undefined) await this.#pause(lateAnswer);
    if (this.#silent >= silences) {
      throw new ProbeError(
        `the modem stopped answering before ${command}: does it sleep, or has it restarted?`,
      );
    }
    return answer;
  }

  #learn(answer: Answer, word: string): void {
    if (answer.result !== "OK") return;
    for (const line of answer.lines) {
      for (const [value] of line.matchAll(/[0-9A-Fa-f]{14,}/g)) this.#options.mask.learn(value, word);
    }
  }

  /** The lines of an answer put together, without the command's name in front. */
  #told(command: string): string {
    const { lines = [], result } = this.#answers.get(command) ?? {};
    if (result !== "OK") return "";
    return lines.map((line) => line.replace(/^(\+CGM[MR]|Revision) ?: ?/, "").replaceAll('"', "")).join(" ");
  }

  /** Which commands of these lines the modem does not know, by their test and read forms. */
  async #missing(lines: readonly string[]): Promise<string[]> {
    const missing: string[] = [];
    for (const name of new Set(lines.map(nameOf).filter((each) => each !== undefined))) {
      const asked = [...this.#answers].some(
        ([command, { result }]) => nameOf(command) === name && result === "OK",
      );
      if (asked || slowTests.has(name)) continue;
      if ((await this.#ask(`${name}=?`)).result === "OK") continue;
      if ((await this.#ask(`${name}?`)).result !== "OK") missing.push(name);
    }
    const level = lines.find((line) => /^AT\+CEREG=\d$/.test(line))?.at(-1);
    const range = /\(([\d,-]+)\)/.exec(this.#answers.get("AT+CEREG=?")?.lines.join(" ") ?? "")?.[1];
    if (level !== undefined && range !== undefined && !isWithin(Number(level), range)) {
      missing.push(`AT+CEREG=${level} (it takes ${range})`);
    }
    return missing;
  }
}

/** Whether a number is in a range as test forms write it: `0-3` or `0,1,2`. */
function isWithin(value: number, range: string): boolean {
  return range.split(",").some((part) => {
    const [from, to = from] = part.split("-").map(Number);
    return value >= from && value <= to;
  });
}

/** The generation of this name, or the one whose name begins most alike. */
function nearest(
  generations: readonly FirmwareGeneration[],
  revision: string,
): { generation?: FirmwareGeneration; exact: boolean } {
  const plain = ({ revision: text }: FirmwareGeneration): string => text.replace(/^Revision ?: ?/, "");
  const exact = generations.find((each) => revision.includes(plain(each)));
  if (exact !== undefined) return { generation: exact, exact: true };
  let best: FirmwareGeneration | undefined;
  let most = 3;
  for (const generation of generations) {
    let alike = 0;
    while (alike < revision.length && revision[alike] === plain(generation)[alike]) alike += 1;
    if (alike > most) [best, most] = [generation, alike];
  }
  return { generation: best, exact: false };
}
