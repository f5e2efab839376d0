/** What says whose a modem is, taken out of its lines by value and by form; what a report needs stays. */
import { describe, expect, it, test } from "vitest";
import fc from "fast-check";
import { IdentityMask, withoutPassword } from "../../../../host-sim/tools/pc/identity-mask";

const mask = new IdentityMask();

describe("by form", () => {
  test.each([
    ["864600030000017", "<identity>"],
    ["+CGSN: 864600030000017", "+CGSN: <identity>"],
    ['+CGSN: "8646000300000171"', '+CGSN: "<identity>"'],
    ["IMEI: 86-460003-000001-7", "IMEI: <identity>"],
    ["IMEI:35 460003 000001 7,x", "IMEI:<identity>,x"],
    ["+CIMI:262011234567890", "+CIMI:<identity>"],
    ["89490200001234567890", "<card number>"],
    ["+CCID: 8949020000123456789F", "+CCID: <card number>"],
    ["+NCCID:89490200001234567890", "+NCCID:<card number>"],
    ["+CEID: 89049032000001000000012345678901", "+CEID: <card number>"],
    ['+CNUM: ,"+4917012345678",145', '+CNUM: ,"<phone number>",145'],
    ['+CGPADDR: 1,"10.45.0.8"', '+CGPADDR: 1,"<address>"'],
    ["+CGPADDR:0,10.45.0.8", "+CGPADDR:0,<address>"],
    ['+CGCONTRDP: 1,5,"iot.example","10.45.0.7.255.255.255.0"', '+CGCONTRDP: 1,5,"iot.example","<address>"'],
    ["254.128.0.0.0.0.0.0.0.1.2.3.4.5.6.7", "<address>"],
    ['+CGPADDR: 1,"FE80:0000:0000:0000:0001:0002:0003:0004"', '+CGPADDR: 1,"<address>"'],
    ["+IP: fd00::1:2", "+IP: <address>"],
  ])("%s", (line, masked) => expect(mask.mask(line)).toBe(masked));
});

describe("what a report needs", () => {
  test.each([
    "Revision:1951B16SIM7080",
    "L0.0.00.00.05.08,A.02.04",
    "BC660KGLAAR01A05_01.002.01.002",
    '+CEREG: 5,1,"5B57","01A50B1A",9,,,"00000101","00100001"',
    '+CCLK: "26/10/23,10:11:41+44"',
    '*PSUTTZ: 2024,1,9,10,7,6,"+4",0',
    '+COPS: 0,2,"26201",9',
    '+QENG: 0,3600,2,82,"01A50B1A",-95,-7,-88,13,8,"5B57",0,230,2',
    "+CPSI: LTE NB-IOT,Online,262-01,0x5AE1,187212754,82,EUTRAN-BAND8,3600,0,0,-7,-95,-88,13",
    '+QCFG: "band",0xf,0x100002000000000f0e189f,0x10004200000000090e189f',
    "Cell ID:27560730",
    "+CME ERROR: 50",
  ])("%s stays", (line) => expect(mask.mask(line)).toBe(line));
});

describe("by value", () => {
  const learned = new IdentityMask();
  learned.learn("490154203237518", "IMEI");
  learned.learn("8949020000123456789F", "card number");

  test.each([
    ["x490154203237518y", "x<IMEI>y"],
    ['+QURC: "4901542032375180"', '+QURC: "<IMEI>0"'],
    ["ICCID8949020000123456789F.", "ICCID<card number>."],
  ])("%s", (line, masked) => expect(learned.mask(line)).toBe(masked));

  it("wherever it stands in any line", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, behind) => {
        expect(learned.mask(`${before}490154203237518${behind}`)).not.toContain("490154203237518");
      }),
    );
  });
});

describe("user and password of an access point", () => {
  test.each([
    ['+QICSGP: 1,"iot.example","me","s3cret",1', '+QICSGP: 1,"iot.example","<hidden>","<hidden>",1'],
    ['+CNCFG: 0,1,"iot.example","me","s3cret",3', '+CNCFG: 0,1,"iot.example","<hidden>","<hidden>",3'],
    [
      '*MCGDEFCONT: "IP","iot.example","me","s3cret"',
      '*MCGDEFCONT: "IP","iot.example","<hidden>","<hidden>"',
    ],
    ['+QCGDEFCONT: "IPV4V6","a","b","c"', '+QCGDEFCONT: "IPV4V6","a","<hidden>","<hidden>"'],
    ['+QICSGP: 1,"iot.example","","",1', '+QICSGP: 1,"iot.example","","",1'],
    ['AT+CSTT="iot.example","me","s3cret"', 'AT+CSTT="iot.example","<hidden>","<hidden>"'],
    // The password stands first on some, and without quotes on others.
    ['+CGAUTH: 1,1,"s3cret","me"', "+CGAUTH: 1,1,<hidden>"],
    ["+CGAUTH:1,1,me,s3cret", "+CGAUTH:1,1,<hidden>"],
    ['AT+UAUTHREQ=1,1,"s3cret","me"', "AT+UAUTHREQ=1,1,<hidden>"],
    ["+CGAUTH: 1,0", "+CGAUTH: 1,0"],
    ['+CPSMS: 1,,,"00100001","00000101"', '+CPSMS: 1,,,"00100001","00000101"'],
  ])("%s", (line, masked) => {
    expect(withoutPassword(line)).toBe(masked);
    expect(mask.mask(line)).toBe(masked);
  });
});
