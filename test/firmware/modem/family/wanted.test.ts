/** What the settings ask of the modem, in each family's own commands. */
import { describe, expect, it } from "vitest";
import { noGaps } from "../../../../firmware/modem/at/firmware-gaps";
import { families } from "../../../../firmware/modem/family/index";
import { allOf, named, say } from "./said";
import type { Answers } from "./said";
import type { Wanted } from "../../../../firmware/modem/at/standard-commands";

const apn = "iot.example";
const pap = { auth: "pap", user: "meter", password: "p4ss" } as const;
const chap = { ...pap, auth: "chap" } as const;
const psm = { t3412: 3_600, t3324: 10 };

const rows: readonly (readonly [
  family: string,
  wanted: Wanted,
  said: readonly string[],
  answers?: Answers,
])[] = [
  // An empty name is the network's to fill in.
  [
    "sim7020",
    { apn: "" },
    ['AT*MCGDEFCONT="IP",""'],
    { "AT*MCGDEFCONT?": ['*MCGDEFCONT: "IP","left.over"'] },
  ],
  ["sim7080", { apn: "" }, ['AT+CGDCONT=1,"IP",""', 'AT+CNCFG=0,1,""']],
  ["sim7000", { apn: "" }, ["AT+CGNAPN", 'AT+CSTT="given"'], { "AT+CGNAPN": ['+CGNAPN: 1,"given"'] }],
  ["sim7000", { apn: "" }, ['AT+CSTT=""'], { "AT+CGNAPN": ['+CGNAPN: 0,""'] }],
  // What comes from the network is no part of a command unless it is a name.
  ["sim7000", { apn: "" }, ['AT+CSTT=""'], { "AT+CGNAPN": ['+CGNAPN: 1,"a";+CFUN=0;"'] }],
  [
    "sim7000",
    { apn: "" },
    ['AT+CSTT="iot.a-b_1.mnc001.gprs"'],
    { "AT+CGNAPN": ['+CGNAPN: 1,"iot.a-b_1.mnc001.gprs"'] },
  ],
  ["bc66", { apn: "" }, ['AT+QCGDEFCONT="IP",""'], { "AT+QCGDEFCONT?": ['+QCGDEFCONT: "IP","left.over"'] }],
  ["bc95", { apn: "" }, ['AT+CGDCONT=1,"IP",""']],
  ["bg95", { apn: "" }, ['AT+CGDCONT=1,"IP",""'], { "AT+CGDCONT?": ['+CGDCONT: 1,"IP","left.over"'] }],
  ["sara-r4", { apn: "" }, ['AT+CGDCONT=1,"IP",""']],
  // A login.
  ["sim7020", { apn, apnLogin: pap }, ['AT*MCGDEFCONT="IP","iot.example","meter","p4ss"']],
  [
    "sim7080",
    { apn, apnLogin: chap },
    ['AT+CGAUTH=1,2,"p4ss","meter"', 'AT+CNCFG=0,1,"iot.example","meter","p4ss",2'],
    { "AT+CNCFG?": ['+CNCFG: 0,1,"iot.example","meter","p4ss",1'] },
  ],
  [
    "sim7000",
    { apn, apnLogin: pap },
    ['AT+CNCFG=1,"iot.example","meter","p4ss",1', 'AT+CSTT="iot.example","meter","p4ss"'],
  ],
  ["bc66", { apn, apnLogin: pap }, ['AT+QCGDEFCONT="IP","iot.example","meter","p4ss"']],
  ["bc660k", { apn, apnLogin: pap }, ['AT+QCGDEFCONT="IP","iot.example","meter","p4ss"']],
  ["bc95", { apn, apnLogin: pap }, ['AT+CGAUTH=1,1,"meter","p4ss"']],
  [
    "bg95",
    { apn, apnLogin: chap },
    ['AT+QICSGP=1,1,"iot.example","meter","p4ss",2'],
    { "AT+QICSGP=1": ['+QICSGP: 1,"iot.example","meter","p4ss",1'] },
  ],
  ["sara-r4", { apn, apnLogin: pap }, ['AT+UAUTHREQ=1,1,"p4ss","meter"']],
  ["sara-r5", { apn, apnLogin: chap }, ['AT+UAUTHREQ=1,2,"meter","p4ss"']],
  // Which addresses.
  ["sim7020", { apn, ipType: "ipv4v6" }, ['AT*MCGDEFCONT="IPV4V6","iot.example"']],
  ["sim7080", { apn, ipType: "ipv6" }, ['AT+CGDCONT=1,"IPV6","iot.example"', 'AT+CNCFG=0,2,"iot.example"']],
  ["bg95", { apn, ipType: "ipv4v6" }, ['AT+QICSGP=1,3,"iot.example","","",0']],
  ["sara-r5", { apn, ipType: "ipv4v6" }, ['AT+CGDCONT=1,"IPV4V6","iot.example"', "AT+UPSD=0,0,2"]],
  // Technologies.
  [
    "sim7080",
    { apn, rat: ["lte-m"], bands: [3] },
    ["AT+CMNB=1", 'AT+CBANDCFG="CAT-M",3', 'AT+CEDRXS=0,4,"0000"'],
  ],
  [
    "sim7080",
    { apn, rat: ["nb-iot", "lte-m"], bands: [8] },
    ["AT+CMNB=3", 'AT+CBANDCFG="NB-IOT",8', 'AT+CBANDCFG="CAT-M",8'],
  ],
  ["sim7000", { apn, rat: ["lte-m"], edrx: 90 }, ["AT+CMNB=1", 'AT+CEDRXS=1,4,"0101"']],
  ["bg95", { apn, rat: ["lte-m"], bands: [20] }, ['AT+QCFG="iotopmode",0,1', 'AT+QCFG="band",0,80000,0,1']],
  ["bg95", { apn, rat: ["lte-m", "nb-iot"] }, ['AT+QCFG="iotopmode",2,1', 'AT+QCFG="nwscanseq",0203,1']],
  ["bg95", { apn, rat: ["nb-iot", "lte-m"] }, ['AT+QCFG="nwscanseq",0302,1']],
  [
    "sara-r4",
    { apn, rat: ["nb-iot", "lte-m"], bands: [20, 71] },
    ["AT+URAT=8,7", "AT+UBANDMASK=1,524288,64", "AT+UBANDMASK=0,524288,64"],
  ],
  ["sara-r5", { apn, rat: ["lte-m"] }, ["AT+URAT=7"]],
  // More bands than the list of preferred ones takes.
  ["sim7020", { apn, bands: [3, 5, 8, 20, 28] }, ["AT+CBANDSL=0"]],
  ["sim7020", { apn, bands: [8] }, ["AT+CBAND=8", "AT+CBANDSL=1,1,8"]],
  // Roaming has a command on one family; the driver sees to it in all.
  ["bg95", { apn, roaming: false }, ['AT+QCFG="roamservice",1,1']],
];

describe("the settings", () => {
  const cases = rows.map(([name, wanted, said, answers = {}]) => [name, wanted, said, answers] as const);
  it.each(cases)("%s %j: %j", (name, wanted, expected, answers) => {
    const [commands] = say(named(name), allOf(named(name), wanted), answers);
    for (const command of expected) expect(commands).toContain(command);
  });

  it.each(families)("$name: a login is in no command that may be logged", (family) => {
    const steps = allOf(family, { apn, apnLogin: pap });
    const holders = steps.filter(({ line }) => String.fromCharCode(...line).includes("p4ss"));
    expect(holders.length).toBeGreaterThan(0);
    expect(holders.every(({ secret }) => secret === true)).toBe(true);
  });

  it.each(families)(
    "$name: an operator is asked for by its number, and only where it is not so already",
    (family) => {
      const wanted: Wanted = { apn, operator: "26201" };
      const steps = family.search!(wanted);
      const selected = 'AT+COPS=1,2,"26201"';
      expect(say(family, steps)[0]).toContain(selected);
      expect(say(family, steps, { "AT+COPS?": ["+COPS: 0"] })[0]).toContain(selected);
      expect(say(family, family.search!(wanted), { "AT+COPS?": ['+COPS: 1,2,"26202",9'] })[0]).toContain(
        selected,
      );
      expect(say(family, family.search!(wanted), { "AT+COPS?": ['+COPS: 1,2,"26201",9'] })[0]).not.toContain(
        selected,
      );
    },
  );

  it.each(families)("$name: no new selection where the modem chooses by itself", (family) => {
    for (const line of ["+COPS: 0", '+COPS: 0,2,"26201",9', "OK", "ERROR"]) {
      const [commands] = say(family, family.search!({ apn }), { "AT+COPS?": [line] });
      expect(commands).not.toContain("AT+COPS=0");
    }
    expect(say(family, family.search!({ apn }), { "AT+COPS?": ['+COPS: 1,2,"26202",9'] })[0]).toContain(
      "AT+COPS=0",
    );
  });
});

describe("SARA", () => {
  const wanted: Wanted = { apn };

  it.each(["sara-r4", "sara-r5"])(
    "%s: a technology that is refused while it is registered is set with the radio off",
    (name) => {
      const family = named(name);
      let refused = 0;
      const answers: Answers = {
        "AT+URAT?": ["+URAT: 7"],
        get "AT+URAT=8"(): readonly string[] {
          refused += 1;
          return refused === 1 ? ["+CME ERROR: 3"] : ["OK"];
        },
      };
      let changed = 0;
      const [commands] = say(
        family,
        family.persistent!(wanted, () => (changed += 1)),
        answers,
      );
      expect(commands.filter((each) => /URAT|CFUN/.test(each))).toEqual([
        "AT+URAT?",
        "AT+URAT=8",
        "AT+CFUN=0",
        "AT+URAT=8",
      ]);
      expect(changed).toBeGreaterThan(0);
    },
  );

  it("R4: an operator's profile that refuses the technology for good is no reason to stop", () => {
    const family = named("sara-r4");
    const [commands, result] = say(family, allOf(family, wanted), { "AT+URAT=8": ["+CME ERROR: 3"] });
    expect(commands).toContain('AT+CGDCONT=1,"IP","iot.example"');
    expect(result.kind).toBe("ok");
  });

  it("R5: the stack takes both kinds of addresses where the context has not been written", () => {
    const family = named("sara-r5");
    let tries = 0;
    const answers: Answers = {
      get "AT+UPSDA=0,3"(): readonly string[] {
        tries += 1;
        return tries === 1 ? ["+CME ERROR: 3"] : ["OK", '+UUPSDA: 0,"10.0.0.1"'];
      },
    };
    const [commands, result] = say(family, family.attach!(wanted), answers);
    expect(commands.slice(-2)).toEqual(["AT+UPSD=0,0,2", "AT+UPSDA=0,3"]);
    expect(result.kind).toBe("ok");
  });

  it("R5: release assistance is a flag of the command that sends, R4 has none", () => {
    const bytes = Uint8Array.of(10, 11);
    const sent = (name: string, release: boolean): string[] =>
      say(named(name), named(name).sockets.send(0, bytes, "203.0.113.5", 5683, release, noGaps()))[0];
    expect(sent("sara-r5", true)).toEqual(['AT+USOSTF=0,"203.0.113.5",5683,2,2,"0A0B"']);
    expect(sent("sara-r5", false)).toEqual(['AT+USOST=0,"203.0.113.5",5683,2,"0A0B"']);
    expect(sent("sara-r4", true)).toEqual(['AT+USOST=0,"203.0.113.5",5683,2,"0A0B"']);
  });

  it("R5 lets its UART sleep where PSM is wanted, and not otherwise", () => {
    const { always } = named("sara-r5");
    expect(say(named("sara-r5"), always!({ apn, psm }))[0]).toContain("AT+UPSV=1,2000");
    expect(say(named("sara-r5"), always!({ apn }))[0]).not.toContain("AT+UPSV=1,2000");
  });
});
