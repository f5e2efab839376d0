/** What each family's modem tells, as its manual or other people's logs have the lines, and what is made of it. */
import { describe, expect, it } from "vitest";
import { describeCme } from "../../../../firmware/modem/at/cme-error";
import { epochOf } from "../../../../firmware/modem/at/clock";
import { families } from "../../../../firmware/modem/family/index";
import { ascii } from "../../../../firmware/text/ascii";
import { named, say } from "./said";
import type { Answers } from "./said";
import type { RadioTechnology } from "../../../../firmware/modem/at/standard-commands";
import type { Cell, GrantedContext } from "../../../../firmware/modem/family/family";

const first96 = Array.from({ length: 96 }, (_, i) => i + 1).join(",");

describe("the cell", () => {
  const rows: readonly (readonly [name: string, answers: Answers, cell: Cell])[] = [
    [
      "sim7020",
      { "AT+CENG?": ['+CENG: 3734,3,82,"0B28A012",-97,-8,-89,7,8,"5AE1",1,-120', "+CENG: 3734,3,90,-105"] },
      { cellId: "0B28A012", rsrp: -97, rsrq: -8, snr: 7, band: 8, ecl: 1 },
    ],
    [
      "sim7080",
      {
        "AT+CPSI?": [
          "+CPSI: LTE NB-IOT,Online,262-01,0x5AE1,187212818,82,EUTRAN-BAND8,3600,0,0,-7,-95,-88,13",
        ],
      },
      { rat: "nb-iot", operator: "26201", cellId: "187212818", band: 8, rsrq: -7, rsrp: -95, snr: 6 },
    ],
    ["sim7080", { "AT+CPSI?": ["+CPSI: NO SERVICE,Online"] }, {}],
    [
      "sim7000",
      {
        "AT+CPSI?": [
          "+CPSI: LTE CAT-M1,Online,310-410,0x8305,9018624,67,EUTRAN-BAND12,5110,3,3,-11,-94,-66,14",
        ],
      },
      { rat: "lte-m", operator: "310410", cellId: "9018624", band: 12, rsrq: -11, rsrp: -94, snr: 8 },
    ],
    [
      "bc66",
      {
        "AT+QENG=0": [
          '+QENG: 0,3734,3,90,"06B97EE3",-76,-6,-70,14,8,"5209",0,-8,2',
          "+QENG: 1,3734,3,91,-90",
        ],
      },
      { cellId: "06B97EE3", rsrp: -76, rsrq: -6, snr: 14, band: 8, ecl: 0 },
    ],
    [
      "bc95",
      {
        "AT+NUESTATS": [
          "Signal power:-872",
          "Total power:-795",
          "Cell ID:27560730",
          "ECL:1",
          "SNR:163",
          "RSRQ:-108",
        ],
      },
      { rsrp: -87.2, cellId: "27560730", ecl: 1, snr: 16.3, rsrq: -10.8 },
    ],
    ["bc95", { "AT+NUESTATS": ["Signal power:-32768", "Cell ID:4294967295", "ECL:255", "SNR:-32768"] }, {}],
    [
      "sara-n2",
      {
        "AT+NUESTATS": [
          'NUESTATS: "RADIO","Signal power",-1017',
          'NUESTATS: "RADIO","ECL",2',
          'NUESTATS: "RADIO","SNR",-40',
        ],
      },
      { rsrp: -101.7, ecl: 2, snr: -4 },
    ],
    [
      "bg95",
      {
        'AT+QENG="servingcell"': [
          '+QENG: "servingcell","NOCONN","NBIoT","FDD",262,01,1A2D001,162,3600,8,0,0,5AE1,-91,-10,-81,125,30',
        ],
      },
      { rat: "nb-iot", operator: "26201", cellId: "1A2D001", band: 8, rsrp: -91, rsrq: -10, snr: 5 },
    ],
    ["bg95", { 'AT+QENG="servingcell"': ['+QENG: "servingcell","SEARCH"'] }, {}],
  ];

  it.each(rows)("%s: %j", (name, answers, expected) => {
    let cell: Cell = {};
    const family = named(name);
    say(
      family,
      family.cell!((part) => (cell = { ...cell, ...part })),
      answers,
    );
    expect(cell).toEqual(expected);
  });
});

describe("the context", () => {
  it.each([
    [
      "sim7080",
      {
        "AT+CGNAPN": ['+CGNAPN: 1,"iot.example"'],
        "AT+CNACT?": ['+CNACT: 0,1,"10.45.0.8"', '+CNACT: 1,0,"0.0.0.0"'],
      },
      { apn: "iot.example", address: "10.45.0.8" },
    ],
    ["sim7080", { "AT+CGNAPN": ['+CGNAPN: 0,""'], "AT+CNACT?": ['+CNACT: 0,0,"0.0.0.0"'] }, {}],
    [
      "sim7000",
      { "AT+CGNAPN": ['+CGNAPN: 1,"iot.example"'], "AT+CIFSR": ["10.45.0.9"] },
      { apn: "iot.example", address: "10.45.0.9" },
    ],
  ] as [string, Answers, GrantedContext][])("%s: %j", (name, answers, expected) => {
    let context: GrantedContext = {};
    const family = named(name);
    say(
      family,
      family.context!((part) => (context = { ...context, ...part })),
      answers,
    );
    expect(context).toEqual(expected);
  });
});

describe("the address of a name", () => {
  const name = "cloud.example";
  it.each([
    [
      "sim7020",
      'AT+CDNSGIP="cloud.example"',
      ["OK", '+CDNSGIP: 1,"cloud.example","203.0.113.9"'],
      "203.0.113.9",
    ],
    ["sim7020", 'AT+CDNSGIP="cloud.example"', ["OK", "+CDNSGIP: 0,8"], undefined],
    [
      "sim7080",
      'AT+CDNSGIP="cloud.example",1,10000',
      ["OK", '+CDNSGIP: 1,"cloud.example","203.0.113.9","203.0.113.10"'],
      "203.0.113.9",
    ],
    ["sim7000", 'AT+CDNSGIP="cloud.example"', ["ERROR"], undefined],
    [
      "bc66",
      'AT+QIDNSGIP=1,"cloud.example"',
      ["OK", '+QIURC: "dnsgip",0,1,300', '+QIURC: "dnsgip","203.0.113.9"'],
      "203.0.113.9",
    ],
    ["bc66", 'AT+QIDNSGIP=1,"cloud.example"', ["OK", '+QIURC: "dnsgip",565'], undefined],
    [
      "bc660k",
      'AT+QIDNSGIP=0,"cloud.example"',
      ["OK", "+QIDNSGIP: 0,1,300", "+QIDNSGIP: 203.0.113.9"],
      "203.0.113.9",
    ],
    ["bc660k", 'AT+QIDNSGIP=0,"cloud.example"', ["OK", "+QIDNSGIP: 565"], undefined],
    ["bc95", "AT+QDNS=0,cloud.example", ["OK", "+QDNS:203.0.113.9"], "203.0.113.9"],
    ["bc95", "AT+QDNS=0,cloud.example", ["OK", "+QDNS:FAIL"], undefined],
    [
      "bg95",
      'AT+QIDNSGIP=1,"cloud.example"',
      ["OK", '+QIURC: "dnsgip",0,2,300', '+QIURC: "dnsgip","203.0.113.9"'],
      "203.0.113.9",
    ],
    ["sara-r4", 'AT+UDNSRN=0,"cloud.example"', ['+UDNSRN: "203.0.113.9"', "OK"], "203.0.113.9"],
    ["sara-r5", 'AT+UDNSRN=0,"cloud.example"', ["+CME ERROR: 8"], undefined],
  ] as const)("%s %s %j: %s", (family, command, lines, expected) => {
    let address: string | undefined;
    const [commands] = say(
      named(family),
      named(family).resolve!(name, (told) => (address = told)),
      { [command]: lines },
    );
    expect(commands).toEqual([command]);
    expect(address).toBe(expected);
  });

  it("is to be had of every family but SARA-N2, which says that it is not", () => {
    for (const { name: family, resolve, without = [] } of families) {
      expect(resolve === undefined, family).toBe(without.includes("server"));
    }
  });
});

describe("lines that come unasked", () => {
  it.each([
    ["sim7020", "UNDER-VOLTAGE WARNNING", { kind: "low-supply" }],
    ["sim7080", "UNDER-VOLTAGE POWER DOWN", { kind: "powered-off", supply: "low" }],
    ["sim7000", "OVER-VOLTAGE WARNNING", { kind: "high-supply" }],
    ["sim7000", "OVER-VOLTAGE POWER DOWN", { kind: "powered-off", supply: "high" }],
    ["sim7080", "NORMAL POWER DOWN", { kind: "powered-off" }],
    ["bg95", "POWERED DOWN", { kind: "powered-off" }],
    ["bc66", "NORMAL POWER DOWN", { kind: "powered-off" }],
    ["bg95", "PSM POWER DOWN", { kind: "asleep" }],
    ["sim7020", "+CSOERR: 0,1", { kind: "closed", socket: 0, reason: "1 (no route)" }],
    ["sim7020", "+CSOERR: 0,99", { kind: "closed", socket: 0, reason: "99" }],
  ] as const)("%s: %s", (name, line, meaning) => {
    const family = named(name);
    expect(family.urc(ascii(line))).toEqual(meaning);
    expect(family.urcs.some((prefix) => line.startsWith(String.fromCharCode(...prefix)))).toBe(true);
  });

  it.each([
    ["sim7020", "+CLTS: 26/10/03,01:50:20+08", "2026-10-02T23:50:20.000Z"],
    ["sim7020", '+CLTS: 26/10/03,01:50:20+08,"DST +1 in use"', "2026-10-02T23:50:20.000Z"],
    ["sim7080", '*PSUTTZ: 2026,10,2,23,50,20,"+8",1', "2026-10-02T23:50:20.000Z"],
    ["sim7000", '*PSUTTZ: 26,10,2,3,5,9,"-33",0', "2026-10-02T03:05:09.000Z"],
    ["bc660k", '+CTZEU: "+8",1,"2026/10/02,23:50:20"', "2026-10-02T23:50:20.000Z"],
    ["sara-r5", '+CTZEU: "+08",0,"2026/10/02,23:50:20"', "2026-10-02T23:50:20.000Z"],
    ["sara-r4", '+CTZE: "+08",0,"2026/10/03,01:50:20"', "2026-10-02T23:50:20.000Z"],
  ])("%s: %s is %s", (name, line, time) => {
    const urc = named(name).urc(ascii(line));
    expect(urc?.kind === "time" && new Date(epochOf(urc.clock)).toISOString()).toBe(time);
  });

  it.each(["*PSUTTZ: 2026,10,2", '+CTZEU: "+8"', "+CTZE:", '*PSUTTZ: 2026,2,30,1,1,1,"+8",0'])(
    "%s tells no time",
    (line) => {
      for (const { urc } of families) expect(urc(ascii(line))?.kind).not.toBe("time");
    },
  );
});

describe("what a code means", () => {
  it.each([
    ["sim7080", ["+CAOPEN: 0,2", "OK"], 2, "no memory"],
    ["sim7080", ["+CAOPEN: 0,27", "OK"], 27, "connection failed"],
    ["bc66", ["OK", "+QIOPEN: 0,566"], 566, "connection failed"],
    ["bg95", ["OK", "+QIOPEN: 0,570"], 570, "context lost"],
  ] as const)("%s: %j", (name, lines, code, meaning) => {
    const family = named(name);
    const steps = family.sockets.open(0, "203.0.113.5", 5683, () => {});
    expect(say(family, steps, { "AT+*": lines }, true)[1]).toEqual({ kind: "error", code, meaning });
  });

  it("of 3GPP's own", () => {
    expect(describeCme(30)).toBe("no network service");
    expect(describeCme(9_999)).toBeUndefined();
    expect(describeCme(undefined)).toBeUndefined();
  });
});

describe("the bands that are set", () => {
  it.each([
    ["sim7020", { "AT+CBAND?": ["+CBAND: 8"] }, "nb-iot", "8"],
    ["sim7080", { "AT+CBANDCFG?": ['+CBANDCFG: "CAT-M",1,2', '+CBANDCFG: "NB-IOT",5'] }, "nb-iot", "5"],
    ["sim7000", { "AT+CBANDCFG?": ['+CBANDCFG: "CAT-M",1,2', '+CBANDCFG: "NB-IOT",5'] }, "lte-m", "1,2"],
    ["bc66", { "AT+QBAND?": ["+QBAND: 1,3,5,8,20,28"] }, "nb-iot", "1,3,5,8,20,28"],
    ["bc95", { "AT+NBAND?": ["+NBAND:8,20"] }, "nb-iot", "8,20"],
    ["bg95", { 'AT+QCFG="band"': ['+QCFG: "band",0xf,0x4,0x80080'] }, "nb-iot", "8,20"],
    ["bg95", { 'AT+QCFG="band"': ['+QCFG: "band",0xf,0x4,0x80080'] }, "lte-m", "3"],
    ["sara-r4", { "AT+UBANDMASK?": ["+UBANDMASK: 0,4,1,524416"] }, "nb-iot", "8,20"],
    ["sara-r4", { "AT+UBANDMASK?": ["+UBANDMASK: 0,4,1,524416"] }, "lte-m", "3"],
    ["sara-r5", { "AT+UBANDMASK?": ["+UBANDMASK: 0,185538719,2,1,524288,0"] }, "nb-iot", "20"],
    // Noise makes no band of it.
    ["bc95", { "AT+NBAND?": [`+NBAND:${"9".repeat(90)},8`] }, "nb-iot", "8"],
    ["bg95", { 'AT+QCFG="band"': [`+QCFG: "band",0xf,0x4,0x${"f".repeat(100)}`] }, "nb-iot", first96],
  ] as [string, Answers, RadioTechnology, string][])("%s: %j, %s", (name, answers, rat, expected) => {
    const told: string[] = [];
    const wanted = { apn: "iot.example", rat: [rat] };
    say(
      named(name),
      named(name).bands!((bands) => told.push(bands), wanted),
      answers,
    );
    expect(told).toEqual([expected]);
  });
});

it("SARA: the granted timers, where +CEREG does not tell them", () => {
  const told: string[][] = [];
  const ask = (line: string): void =>
    void say(
      named("sara-r4"),
      named("sara-r4").grantedTimers!((...timers) => told.push(timers)),
      { "AT+UCPSMS?": [line] },
    );
  ask('+UCPSMS: 1,,,"00100001","00000101"');
  ask("+UCPSMS: 0");
  expect(told).toEqual([["00000101", "00100001"]]);
});
