import { expect, test } from "vitest";
import { withoutSecrets } from "../../../../host-sim/sim/modem/secret-lines";

test.each([
  ['AT+CPIN="1234"', 'AT+CPIN="****"'],
  ["AT+CPIN=1234", 'AT+CPIN="****"'],
  ['at+cpin="12345678","4321"', 'at+cpin="****"'],
  ['AT+NPIN=0,"1234"', 'AT+NPIN="****"'],
  ['AT+CLCK="SC",0,"1234"', 'AT+CLCK="****"'],
  ['> AT+CPIN="1234"', '> AT+CPIN="****"'],
  ["AT+CPIN?", "AT+CPIN?"],
  ["AT+CPIN=?", "AT+CPIN=?"],
  ["+CPIN: SIM PIN", "+CPIN: SIM PIN"],
  ["AT+CGMR", "AT+CGMR"],
])("%s is shown as %s", (line, shown) => {
  expect(withoutSecrets(line)).toBe(shown);
});

test("a password is hidden wherever it stands, between quotes or commas", () => {
  const secrets = ["s3cret"];
  expect(withoutSecrets('AT+CGAUTH=1,1,"user","s3cret"', secrets)).toBe('AT+CGAUTH=1,1,"user","****"');
  expect(withoutSecrets("AT+X=1,s3cret,2", secrets)).toBe("AT+X=1,****,2");
  expect(withoutSecrets('+QICSGP: 1,"apn","user","s3cret",1', secrets)).toContain('"****",1');
  expect(withoutSecrets("AT+X=s3crets", secrets)).toBe("AT+X=s3crets");
  expect(withoutSecrets("AT", [""])).toBe("AT");
});
