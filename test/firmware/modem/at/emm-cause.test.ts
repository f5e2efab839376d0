import { expect, it } from "vitest";
import { causeNamed, describeCause, isLasting } from "../../../../firmware/modem/at/emm-cause";

it.each([
  // A router's readme for a SIM7670G.
  ["EMM_CAUSE_ESM_FAILURE", 19],
  ["EMM_CAUSE_PLMN_NOT_ALLOWED", 11],
  ["EMM_CAUSE_TRACKING_AREA_NOT_ALLOWED", 12],
  ["EMM_CAUSE_ROAMING_NOT_ALLOWED_IN_THIS_TRACKING_AREA", 13],
  ["EMM_CAUSE_EPS_SERVICES_NOT_ALLOWED", 7],
  ["EMM_CAUSE_EPS_SERVICES_NOT_ALLOWED_IN_PLMN", 14],
  ["EMM_CAUSE_EPS_SERVICES_AND_NON_EPS_SERVICES_NOT_ALLOWED", 8],
  ["EMM_CAUSE_NO_SUITABLE_CELLS_IN_TRACKING_AREA", 15],
  ["EMM cause 15", 15],
  ["EMM_CAUSE,8", 8],
  ['"EMM cause: #22"', 22],
  ['"LTE EMM reject cause","11"', 11],
  ["ESM cause 33, EMM cause 15", 15],
  // A number of ESM's, and one that is a name's.
  ["EMM cause: none, ESM cause: 33", undefined],
  ["EMM cause (3GPP) unknown", undefined],
  // Sierra forum 14601: the second number is ESM's.
  ["5,33", undefined],
  ["5", undefined],
  ["No cause information available", undefined],
  ["0,NONE", undefined],
  ["Deactivate Cause: SM34 (Service option temporarily out of order)", undefined],
  ["0,0,5,16,normal call clearing", undefined],
  ["PLMN not allowed", undefined],
  ["EMM cause", undefined],
  ["EMM cause 0", undefined],
  ["EMM cause 1015", undefined],
  ["EMM_CAUSE_OF_ANOTHER_KIND", undefined],
  ["LEMMA 15", undefined],
  ["", undefined],
])("+CEER: %s names the cause %s", (text, cause) => expect(causeNamed(text)).toBe(cause));

it("names every cause of 3GPP TS 24.301 table 9.9.3.9.1", () => {
  const named = Array.from({ length: 256 }, (_, cause) => cause).filter(
    (cause) => describeCause(cause) !== String(cause),
  );
  expect(named).toEqual([
    ...[
      2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 31, 35, 36, 39,
      40, 42,
    ],
    ...[78, 95, 96, 97, 98, 99, 100, 101, 111],
  ]);
  expect(describeCause(11)).toBe("11 (PLMN not allowed)");
  expect(describeCause(200)).toBe("200");
  expect(describeCause(undefined)).toBe("unknown");
});

it("tells those that will be the same in an hour", () => {
  // After these a modem does not try again by itself either (3GPP TS 24.301 section 5.5.1.2.5).
  for (const cause of [3, 6, 7, 8, 11, 35]) expect(isLasting(cause), String(cause)).toBe(true);
  for (const cause of [undefined, 0, 9, 10, 15, 17, 22, 42, 96, 111, 200])
    expect(isLasting(cause)).toBe(false);
});
