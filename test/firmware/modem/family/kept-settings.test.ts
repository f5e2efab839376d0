/**
 * What a modem keeps counts as right when each field that matters is as wanted: one field that differs, and the
 * setting is written.
 */
import { describe, expect, it } from "vitest";
import { allOf, named, say, writes } from "./said";
import type { Answers } from "./said";
import type { Wanted } from "../../../../firmware/modem/at/standard-commands";

const wanted: Wanted = { apn: "iot.example", bands: [8, 20], psm: { t3412: 3_600, t3324: 10 } };
const psm = ['+CPSMS: 1,,,"00000110","00000101"'];

/** What each family's modem keeps, all of it right; and one line that differs, with what is written then. */
const rows: readonly (readonly [
  family: string,
  kept: Answers,
  wrong: readonly (readonly [question: string, line: string, written: string])[],
])[] = [
  [
    "sim7020",
    {
      "AT+IPR?": ["+IPR: 115200"],
      "AT*MCGDEFCONT?": ['*MCGDEFCONT: "IP","iot.example"'],
      "AT+CBAND?": ["+CBAND: 0"],
      "AT+CBANDSL?": ["+CBANDSL: 20,8"],
      "AT+CPSMS?": psm,
      "AT+COPS?": ["+COPS: 0"],
    },
    [
      ["AT*MCGDEFCONT?", '*MCGDEFCONT: "IPV6","iot.example"', 'AT*MCGDEFCONT="IP","iot.example"'],
      ["AT*MCGDEFCONT?", '*MCGDEFCONT: "IP","internet"', 'AT*MCGDEFCONT="IP","iot.example"'],
      ["AT*MCGDEFCONT?", '*MCGDEFCONT: "IP","iot.example","u","p"', 'AT*MCGDEFCONT="IP","iot.example"'],
      ["AT+CBAND?", "+CBAND: 5", "AT+CBAND=0"],
      ["AT+CBANDSL?", "+CBANDSL: 8", "AT+CBANDSL=1,2,8,20"],
      ["AT+CPSMS?", '+CPSMS: 1,,,"00000110","00000001"', 'AT+CPSMS=1,,,"00000110","00000101"'],
      ["AT+CPSMS?", '+CPSMS: 0,,,"00000110","00000101"', 'AT+CPSMS=1,,,"00000110","00000101"'],
      ["AT+COPS?", '+COPS: 1,2,"26202",9', "AT+COPS=0"],
    ],
  ],
  [
    "sim7080",
    {
      "AT+IPR?": ["+IPR: 115200"],
      "AT+CNMP?": ["+CNMP: 38"],
      "AT+CMNB?": ["+CMNB: 2"],
      "AT+CBANDCFG?": ['+CBANDCFG: "CAT-M",1', '+CBANDCFG: "NB-IOT",20,8'],
      "AT+CGDCONT?": ['+CGDCONT: 1,"IP","iot.example","0.0.0.0",0,0,0,0'],
      "AT+CGAUTH?": ["+CGAUTH: 1,0"],
      "AT+CNCFG?": ['+CNCFG: 0,1,"iot.example","","",0', '+CNCFG: 1,0,"","","",0'],
      "AT+CPSMS?": psm,
      "AT+COPS?": ["+COPS: 0"],
      "AT+CNACT?": ['+CNACT: 0,1,"10.45.0.8"'],
    },
    [
      ["AT+CMNB?", "+CMNB: 3", "AT+CMNB=2"],
      ["AT+CBANDCFG?", '+CBANDCFG: "CAT-M",8,20', 'AT+CBANDCFG="NB-IOT",8,20'],
      ["AT+CBANDCFG?", '+CBANDCFG: "NB-IOT",8,20,28', 'AT+CBANDCFG="NB-IOT",8,20'],
      ["AT+CGDCONT?", '+CGDCONT: 1,"IPV4V6","iot.example"', 'AT+CGDCONT=1,"IP","iot.example"'],
      ["AT+CGDCONT?", '+CGDCONT: 2,"IP","iot.example"', 'AT+CGDCONT=1,"IP","iot.example"'],
      ["AT+CGAUTH?", '+CGAUTH: 1,1,"somebody"', "AT+CGAUTH=1,0"],
      ["AT+CNCFG?", '+CNCFG: 0,2,"iot.example","","",0', 'AT+CNCFG=0,1,"iot.example"'],
      ["AT+CNCFG?", '+CNCFG: 1,1,"iot.example","","",0', 'AT+CNCFG=0,1,"iot.example"'],
      ["AT+CNCFG?", '+CNCFG: 0,1,"iot.example","u","p",1', 'AT+CNCFG=0,1,"iot.example","","",0'],
      ["AT+CNACT?", '+CNACT: 1,1,"10.45.0.8"', "AT+CNACT=0,1"],
      ["AT+COPS?", "+COPS: 2", "AT+COPS=0"],
    ],
  ],
  [
    "sim7000",
    {
      "AT+IPR?": ["+IPR: 115200"],
      "AT+CNMP?": ["+CNMP: 38"],
      "AT+CMNB?": ["+CMNB: 2"],
      "AT+CBANDCFG?": ['+CBANDCFG: "NB-IOT",8,20'],
      "AT+CGDCONT?": ['+CGDCONT: 1,"IP","iot.example"'],
      "AT+CPSMS?": psm,
      "AT+COPS?": ["+COPS: 0"],
    },
    [
      ["AT+CNMP?", "+CNMP: 2", "AT+CNMP=38"],
      ["AT+CBANDCFG?", '+CBANDCFG: "CAT-M",8,20', 'AT+CBANDCFG="NB-IOT",8,20'],
      ["AT+CGDCONT?", '+CGDCONT: 1,"IPV6","iot.example"', 'AT+CGDCONT=1,"IP","iot.example"'],
      ["AT+CPSMS?", "+CPSMS: 1", 'AT+CPSMS=1,,,"00000110","00000101"'],
    ],
  ],
  [
    "bc66",
    {
      "AT+QCGDEFCONT?": ['+QCGDEFCONT: "IP","iot.example"'],
      'AT+QICFG="dataformat"': ['+QICFG: "dataformat",0,0'],
      'AT+QICFG="viewmode"': ['+QICFG: "viewmode",0'],
      "AT+CTZR?": ["+CTZR: 3"],
      "AT+QBAND?": ["+QBAND: 2,20,8"],
      "AT+COPS?": ["+COPS: 0"],
      "AT+CGPADDR=1": ['+CGPADDR: 1,"10.45.0.10"'],
    },
    [
      ["AT+QCGDEFCONT?", '+QCGDEFCONT: "IPV4V6","iot.example"', 'AT+QCGDEFCONT="IP","iot.example"'],
      ["AT+QCGDEFCONT?", '+QCGDEFCONT: "IP","iot.example","u","p"', 'AT+QCGDEFCONT="IP","iot.example"'],
      ['AT+QICFG="dataformat"', '+QICFG: "dataformat",0,1', 'AT+QICFG="dataformat",0,0'],
      ["AT+QBAND?", "+QBAND: 1,8", "AT+QBAND=2,8,20"],
      ["AT+QBAND?", "+QBAND: 8,20,28", "AT+QBAND=2,8,20"],
      ["AT+CTZR?", "+CTZR: 1", "AT+CTZR=3"],
    ],
  ],
  [
    "bc660k",
    {
      "AT+QCGDEFCONT?": ['+QCGDEFCONT: "IP","iot.example"'],
      'AT+QCFG="wakeupRXD"': ['+QCFG: "wakeupRXD",1'],
      'AT+QCFG="dsevent"': ['+QCFG: "dsevent",1'],
      "AT+CTZR?": ["+CTZR: 3"],
      "AT+QBAND?": ["+QBAND: 8,20"],
      "AT+COPS?": ["+COPS: 0"],
      "AT+CGPADDR=0": ['+CGPADDR: 0,"10.45.0.11"'],
    },
    [
      ["AT+QCGDEFCONT?", '+QCGDEFCONT: "IP",""', 'AT+QCGDEFCONT="IP","iot.example"'],
      ['AT+QCFG="wakeupRXD"', '+QCFG: "wakeupRXD",0', 'AT+QCFG="wakeupRXD",1'],
    ],
  ],
  [
    "bc95",
    {
      "AT+NCONFIG?": ["+NCONFIG:AUTOCONNECT,FALSE", "+NCONFIG:CELL_RESELECTION,TRUE"],
      "AT+NBAND?": ["+NBAND:20,8"],
      "AT+CGDCONT?": ['+CGDCONT:0,"IP",""', '+CGDCONT:1,"IP","iot.example.mnc001.mcc262.gprs"'],
      "AT+COPS?": ['+COPS:0,2,"26201",9'],
    },
    [
      ["AT+NCONFIG?", "+NCONFIG:AUTOCONNECT,TRUE", "AT+NCONFIG=AUTOCONNECT,FALSE"],
      ["AT+NBAND?", "+NBAND:8,20,28", "AT+NBAND=8,20"],
      ["AT+CGDCONT?", '+CGDCONT:0,"IP","iot.example"', 'AT+CGDCONT=1,"IP","iot.example"'],
      ["AT+CGDCONT?", '+CGDCONT:1,"IP","iot.example2"', 'AT+CGDCONT=1,"IP","iot.example"'],
      ["AT+COPS?", '+COPS:4,2,"26201",9', "AT+COPS=0"],
    ],
  ],
  [
    "bg95",
    {
      'AT+QCFG="iotopmode"': ['+QCFG: "iotopmode",1'],
      'AT+QCFG="nwscanmode"': ['+QCFG: "nwscanmode",3'],
      'AT+QCFG="psm/urc"': ['+QCFG: "psm/urc",1'],
      'AT+QCFG="band"': ['+QCFG: "band",0xf,0x100002000000000f0e189f,0x80080'],
      "AT+CGDCONT?": ['+CGDCONT: 1,"IP","IOT.example","0.0.0.0",0,0'],
      "AT+QICSGP=1": ['+QICSGP: 1,"iot.example","","",0'],
      "AT+COPS?": ["+COPS: 0"],
      "AT+QIACT?": ['+QIACT: 1,1,1,"10.45.0.12"'],
    },
    [
      ['AT+QCFG="iotopmode"', '+QCFG: "iotopmode",0', 'AT+QCFG="iotopmode",1,1'],
      ['AT+QCFG="band"', '+QCFG: "band",0xf,0x80080,0x80', 'AT+QCFG="band",0,0,80080,1'],
      ["AT+QICSGP=1", '+QICSGP: 3,"iot.example","","",0', 'AT+QICSGP=1,1,"iot.example","","",0'],
      ["AT+QICSGP=1", '+QICSGP: 1,"iot.example","u","p",1', 'AT+QICSGP=1,1,"iot.example","","",0'],
      ["AT+QIACT?", '+QIACT: 1,0,1,"10.45.0.12"', "AT+QIACT=1"],
    ],
  ],
  [
    "sara-r4",
    {
      "AT+URAT?": ["+URAT: 8"],
      "AT+UBANDMASK?": ["+UBANDMASK: 0,185538719,1,524416"],
      // The same hour in another unit.
      "AT+CPSMS?": ['+CPSMS: 1,,,"00100001","00000101"'],
      "AT+CGDCONT?": ['+CGDCONT: 1,"IP","iot.example","0.0.0.0",0,0,0,0'],
      "AT+COPS?": ["+COPS: 0"],
    },
    [
      ["AT+URAT?", "+URAT: 7,8", "AT+URAT=8"],
      ["AT+UBANDMASK?", "+UBANDMASK: 0,524416,1,524424", "AT+UBANDMASK=1,524416"],
      ["AT+UBANDMASK?", "+UBANDMASK: 0,524416,0,1,524416,2", "AT+UBANDMASK=1,524416"],
      ["AT+CPSMS?", '+CPSMS: 1,,,"00100010","00000101"', 'AT+CPSMS=1,,,"00000110","00000101"'],
      ["AT+CGDCONT?", '+CGDCONT: 1,"NONIP","iot.example"', 'AT+CGDCONT=1,"IP","iot.example"'],
      ["AT+COPS?", "+COPS: 2", "AT+COPS=0"],
    ],
  ],
  [
    "sara-n2",
    {
      "AT+NCONFIG?": ['+NCONFIG: "AUTOCONNECT","FALSE"', '+NCONFIG: "CELL_RESELECTION","TRUE"'],
      "AT+NBAND?": ["+NBAND: 20,8"],
      "AT+CGDCONT?": ['+CGDCONT: 0,"IP",""', '+CGDCONT: 1,"IP","iot.example"'],
      "AT+COPS?": ['+COPS: 0,2,"26201"'],
    },
    [
      ["AT+NCONFIG?", '+NCONFIG: "AUTOCONNECT","TRUE"', 'AT+NCONFIG="AUTOCONNECT","FALSE"'],
      ["AT+NBAND?", "+NBAND: 8", "AT+NBAND=8,20"],
      ["AT+CGDCONT?", '+CGDCONT: 0,"IP","iot.example"', 'AT+CGDCONT=1,"IP","iot.example"'],
      ["AT+CGDCONT?", '+CGDCONT: 1,"NONIP","iot.example"', 'AT+CGDCONT=1,"IP","iot.example"'],
      ["AT+COPS?", "+COPS: 2", "AT+COPS=0"],
    ],
  ],
  [
    "sara-r5",
    {
      "AT+URAT?": ["+URAT: 8"],
      "AT+UBANDMASK?": ["+UBANDMASK: 0,185538719,1,524416"],
      "AT+CGDCONT?": ['+CGDCONT: 1,"IP","iot.example","0.0.0.0",0,0,0,0'],
      "AT+COPS?": ["+COPS: 0"],
    },
    [
      ["AT+URAT?", "+URAT: 7", "AT+URAT=8"],
      ["AT+UBANDMASK?", "+UBANDMASK: 0,524416,1,524424", "AT+UBANDMASK=1,524416"],
      ["AT+CGDCONT?", '+CGDCONT: 1,"IPV4V6","iot.example"', 'AT+CGDCONT=1,"IP","iot.example"'],
      ["AT+COPS?", "+COPS: 2", "AT+COPS=0"],
    ],
  ],
];

describe.each(rows)("%s", (name, kept, wrong) => {
  const family = named(name);
  const first = writes(say(family, allOf(family, wanted), kept)[0]);

  it("writes nothing of what it keeps where all of it is right", () => {
    const settings = Object.keys(kept).map((question) => question.replace(/[?]$|=1$|="[^"]+"$/, ""));
    for (const setting of settings.filter((each) => each !== "AT+CGPADDR" && each !== "AT+QCFG")) {
      expect(
        first.filter((command) => command.startsWith(`${setting}=`) && command !== "AT+QICSGP=1"),
      ).toEqual([]);
    }
  });

  it.each(wrong)("%s -> %s: writes %s", (question, line, written) => {
    expect(first).not.toContain(written);
    const [commands] = say(family, allOf(family, wanted), { ...kept, [question]: [line] });
    expect(commands).toContain(written);
  });
});
