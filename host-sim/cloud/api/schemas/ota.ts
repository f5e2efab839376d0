/** Schemas of firmware: files of a product, and the upgrades of its devices. Names are those of EnOS's topics and API. */
import { versionPattern } from "../../ota/firmware-files";
import { taskStatuses } from "../../ota/upgrade-task";
import { upgradeTimeouts } from "../../ota/upgrades";
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

export const firmwareQuery = object({ signMethod: { ...signMethod, default: "md5" }, desc }, []);

export const tasksQuery = object(
  {
    productKey,
    deviceKey,
    jobId,
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
  signMethod,
  sign: text("digest of the file, lower-case hex"),
  fileSize: whole("bytes"),
  fileUrl: text("path on the CoAP server"),
  desc,
  uploadedAt: time("when the file was uploaded"),
  devices: whole("how many devices have informed this version"),
};
const task = {
  taskId,
  jobId,
  productKey,
  deviceKey,
  policy,
  fromVersion: text("what the device had informed when the task was made"),
  toVersion: text("what it is to have"),
  status,
  progress: whole("the device's last step: 0 to 100; below 0, what it failed with"),
  desc: text("what the device, or this server, said of it last"),
  cause: text("why it failed: by the device's step or reply, or by the time limit", {
    enum: ["failure", "refusal", "timeout"],
  }),
  timeout: number("seconds that it may be upgrading"),
  createdAt: time("when it was made"),
  updatedAt: time("when something happened to it last"),
  publishedAt: time("when the device was told of it"),
  startedAt: time("when the device began"),
  endedAt: time("when it was over"),
};

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
