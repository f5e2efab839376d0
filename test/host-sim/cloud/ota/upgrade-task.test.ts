/** What can happen to an upgrade where it stands, one cell each. */
import { expect, it } from "vitest";
import { afterwards, isOver, taskStatuses } from "../../../../host-sim/cloud/ota/upgrade-task";
import type { Happening } from "../../../../host-sim/cloud/ota/upgrade-task";

const happenings: readonly Happening[] = [
  ...([
    "published",
    "progress",
    "failure",
    "refusal",
    "informed",
    "timeout",
    "return",
    "cancel",
    "retry",
  ] as const),
];

const table = `
            published  progress   failure  refusal  informed   timeout  return  cancel    retry
init        published  -          -        -        succeeded  -        -       canceled  -
published   published  upgrading  failed   failed   succeeded  -        -       canceled  -
upgrading   -          upgrading  failed   -        succeeded  failed   -       -         -
succeeded   -          -          -        -        -          -        failed  -         -
failed      -          -          -        -        -          -        -       -         init
canceled    -          -          -        -        -          -        -       -         -
`;

it("is as the table says", () => {
  const rows = table
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/ +/));
  const found = taskStatuses.map((status) => [
    status,
    ...happenings.map((happening) => afterwards(status, happening) ?? "-"),
  ]);
  expect([[...happenings], ...found]).toEqual(rows);
});

it("is over where nothing but another try or a return can happen", () => {
  for (const status of taskStatuses) {
    const open = happenings.filter(
      (each) => each !== "retry" && each !== "return" && afterwards(status, each) !== undefined,
    );
    expect(isOver(status)).toBe(open.length === 0);
  }
});
