/** Schemas of firmware: files of a product, and the upgrades of its devices. Names are those of EnOS's topics and API. */
import { versionPattern } from "../../ota/firmware-files";
import { rolloutStates, rolloutTerms } from "../../ota/rollout";
import { taskStatuses } from "../../ota/upgrade-task";
import { upgradeTimeouts } from "../../ota/upgrade-task";
import {
  deviceKey,
  digitsPattern,
  limit,
  list,
  number,
  object,
  page,
  productKey,
  ref,
  text,
  time,
  whole,
} from "./parts";
import type { NamedSchema, Schema } from "./parts";

const version = text("of a firmware", { pattern: versionPattern.source });
const signMethod = text("how the file's digest is made", { enum: ["md5", "sha256"] });
const desc = text("for people", { maxLength: 256 });
const taskId = text("of the task", { pattern: digitsPattern });
const jobId = text("of the job that made the task", { pattern: digitsPattern });
const rolloutId = text("of the rollout that made it", { pattern: digitsPattern });
const status = text(
  "init: not told to the device yet; published: told; upgrading: it tells its progress; canceled: by an operator",
  { enum: taskStatuses },
);
const policy = text("push: the device is sent ota/device/upgrade; request: it is told when it asks", {
  enum: ["push", "request"],
});
const timeout: Schema = number("seconds that the device may be upgrading; default seven days", {
  minimum: upgradeTimeouts.least / 1000,
  maximum: upgradeTimeouts.most / 1000,
});

export const firmwareParams = object({ productKey, version }, ["productKey", "version"]);
export const taskParams = object({ taskId }, ["taskId"]);

const board = text("of the devices that the file is for; left out: all", { pattern: versionPattern.source });
const from = text("version that the file is a difference from; left out: it is whole", {
  pattern: versionPattern.source,
});

/** Which of a version's files. */
export const firmwareNameQuery = object({ board, from }, []);

export const firmwareQuery = object(
  {
    signMethod: { ...signMethod, default: "md5" },
    desc,
    board: text("of the devices that the file is for; left out: as a package's head says, or all", {
      pattern: versionPattern.source,
    }),
    from: text("version that it is a difference from; left out: as a package's head says, or none", {
      pattern: versionPattern.source,
    }),
    fileUrl: text("coap://…: it lies there; the body is looked at and not kept", { maxLength: 255 }),
  },
  [],
);

export const tasksQuery = object(
  {
    productKey,
    deviceKey,
    jobId,
    rolloutId,
    stage: whole("of the rollout, from 1", { minimum: 1, maximum: rolloutTerms.mostStages }),
    status,
    limit,
    offset: whole("entries to leave out", { minimum: 0, maximum: 1e9, default: 0 }),
  },
  [],
);

/** The file itself: any bytes. */
export const firmwareBody: Schema = {
  content: { "application/octet-stream": { schema: { description: "the file" } } },
};

export const jobBody = object(
  {
    productKey,
    version,
    deviceKeys: {
      ...list(deviceKey, "which devices; all of the product when left out"),
      minItems: 1,
      maxItems: 10_000,
    },
    policy: { ...policy, default: "push" },
    timeout,
  },
  ["productKey", "version"],
);

const firmware = {
  productKey,
  version,
  board,
  from,
  signMethod,
  sign: text("digest of the file, lower-case hex"),
  fileSize: whole("bytes"),
  fileUrl: text("path on the CoAP server, or coap://… where it lies on another"),
  desc,
  package: object(
    {
      kind: text("what it holds", { enum: ["whole", "difference"] }),
      board: text("that it is for"),
      version: text("that it leads to"),
      productKey: text("whose devices it is for; left out: any"),
      imageSize: whole("bytes of the image that it makes"),
      from: text("version that a difference is made from"),
      fault: text("why its head cannot be read, alone then"),
    },
    [],
    "what it says of itself where it begins as a package of npm run update",
  ),
  warnings: list(
    text("what"),
    "what about the package is at odds with how it is filed; left out when nothing is",
  ),
  uploadedAt: time("when the file was uploaded"),
  devices: whole("how many devices have informed this version"),
};
const task = {
  taskId,
  jobId,
  rolloutId,
  stage: whole("of the rollout, from 1"),
  productKey,
  deviceKey,
  policy,
  fromVersion: text("what the device had informed when the task was made"),
  toVersion: text("what it is to have"),
  status,
  file: object(
    { fileUrl: text("as the device is told"), fileSize: whole("bytes"), board, from },
    ["fileUrl", "fileSize"],
    "that was chosen for the device last",
  ),
  progress: whole("the device's last step: 0 to 100; below 0, what it failed with"),
  desc: text("what the device, or this server, said of it last"),
  cause: text("why it failed: by the device's step or reply, by the time limit, or as it went back", {
    enum: ["failure", "refusal", "timeout", "return"],
  }),
  timeout: number("seconds that it may be upgrading"),
  createdAt: time("when it was made"),
  updatedAt: time("when something happened to it last"),
  publishedAt: time("when the device was told of it"),
  startedAt: time("when the device began"),
  endedAt: time("when it was over"),
};

const share = number("of the devices that have another version", { exclusiveMinimum: 0, maximum: 1 });
const rolloutShape = {
  rolloutId,
  productKey,
  version,
  state: text(
    "running: a stage's tasks go on; waiting: for the next stage; stopped: by itself; paused, aborted: by an operator",
    { enum: rolloutStates },
  ),
  reason: text("why it stopped by itself"),
  stage: whole("which goes on, or went last, from 1"),
  stages: list(
    object(
      {
        share,
        begunAt: time("when it began"),
        endedAt: time("when its last task was over, or its time"),
        devices: whole("how many were given their task"),
        counts: object(
          Object.fromEntries(taskStatuses.map((each) => [each, whole("tasks")])),
          taskStatuses,
          "its tasks by their status",
        ),
        progress: number("the middle one of the steps of those that are upgrading"),
        failures: list(
          object(
            {
              reason: text("why"),
              count: whole("devices"),
              deviceKeys: list(deviceKey, "the first of them"),
            },
            ["reason", "count", "deviceKeys"],
          ),
          "devices that failed, by reason, the most frequent first",
        ),
        skipped: list(
          object({ reason: text("why"), count: whole("devices"), deviceKey }, [
            ...["reason", "count", "deviceKey"],
          ]),
          "devices that were given no task when it began, by reason",
        ),
      },
      ["share", "devices", "counts", "failures", "skipped"],
    ),
  ),
  policy,
  timeout: number("seconds that a device may be upgrading"),
  wait: number("seconds between two stages"),
  failureShare: number("of a stage's devices; more failures stop the rollout"),
  leastFailures: whole("fewer do not"),
  stageLimit: number("seconds after which a stage is left though some of its devices have not ended"),
  nextAt: time("when the next stage begins, while it is waited for"),
  until: time("when the stage's time is over"),
  createdAt: time("when it was begun"),
  updatedAt: time("when something happened to it last"),
  endedAt: time("when it was done or aborted"),
};

export const rolloutParams = object({ productKey, rolloutId }, ["productKey", "rolloutId"]);

export const rolloutBody = object(
  {
    version,
    stages: {
      ...list(share, "shares of the devices, rising"),
      minItems: 1,
      maxItems: rolloutTerms.mostStages,
      default: rolloutTerms.shares,
    },
    policy: { ...policy, default: "push" },
    timeout,
    wait: number("seconds from the end of a stage to the next", {
      minimum: 0,
      maximum: rolloutTerms.wait.most / 1000,
      default: rolloutTerms.wait.usual / 1000,
    }),
    failureShare: number("failures above this share of a stage's devices stop it", {
      minimum: 0,
      maximum: 1,
      default: rolloutTerms.failureShare,
    }),
    leastFailures: whole("but not fewer than so many", {
      minimum: 1,
      maximum: 1_000_000,
      default: rolloutTerms.leastFailures,
    }),
    stageLimit: number("seconds after which a stage is left though some of its devices have not ended", {
      minimum: rolloutTerms.stageLimit.least / 1000,
      maximum: rolloutTerms.stageLimit.most / 1000,
      default: rolloutTerms.stageLimit.usual / 1000,
    }),
  },
  ["version"],
);

/** What the routes of firmware answer. */
export const otaAnswers: readonly NamedSchema[] = [
  {
    $id: "Firmware",
    ...object(firmware, [
      ...["productKey", "version", "signMethod", "sign", "fileSize", "fileUrl", "uploadedAt", "devices"],
    ]),
  },
  {
    $id: "FirmwareList",
    ...object(
      {
        items: list(ref("Firmware")),
        room: object(
          {
            fileBytes: whole("bytes of the largest file that is taken"),
            filesPerProduct: whole("files that one product can have"),
            totalBytes: whole("bytes that the files of all products together can have"),
            usedBytes: whole("bytes that they have"),
          },
          ["fileBytes", "filesPerProduct", "totalBytes", "usedBytes"],
          "what there is room for",
        ),
      },
      ["items", "room"],
    ),
  },
  {
    $id: "OtaTask",
    ...object(task, [
      ...["taskId", "jobId", "productKey", "deviceKey", "policy", "fromVersion", "toVersion", "status"],
      ...["timeout", "createdAt", "updatedAt"],
    ]),
  },
  {
    $id: "Rollout",
    ...object(rolloutShape, [
      ...["rolloutId", "productKey", "version", "state", "stage", "stages", "policy", "timeout", "wait"],
      ...["failureShare", "leastFailures", "stageLimit", "until", "createdAt", "updatedAt"],
    ]),
  },
  { $id: "Rollouts", ...object({ items: list(ref("Rollout"), "the newest first") }, ["items"]) },
  { $id: "OtaTasks", ...page(ref("OtaTask")) },
  {
    $id: "OtaJob",
    ...object(
      {
        jobId,
        tasks: list(ref("OtaTask")),
        skipped: list(
          object({ deviceKey, reason: text("why it was given none") }, ["deviceKey", "reason"]),
          "devices that were given no task",
        ),
      },
      ["jobId", "tasks", "skipped"],
    ),
  },
  {
    $id: "DeviceFirmware",
    ...object(
      {
        version: text("as it informed; left out when it has not"),
        since: time("when it first informed this version"),
        informedAt: time("when it last informed it"),
        tasks: list(ref("OtaTask"), "its tasks, the newest first; finished ones are not kept for ever"),
      },
      ["tasks"],
    ),
  },
];
