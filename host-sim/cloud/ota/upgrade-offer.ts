/** What a device is offered of a version: the file that fits it, as the device is told of it and as its task shows it. */
import type { UpgradeParams } from "../enos/command-encoding";
import type { CloudDevice } from "../registry/cloud-device";
import type { FirmwareFiles, FirmwareRecord } from "./firmware-files";
import { fittingFile } from "./fitting-file";
import type { UpgradeTask } from "./upgrade-task";

/** One file of a version, for one device. */
interface UpgradeOffer {
  readonly record: FirmwareRecord;
  /** What a command or the answer to getversion says of it. */
  readonly params: UpgradeParams;
  readonly file: UpgradeTask["file"];
}

/** The offer of a version to a device as it is now; why there is none otherwise. */
export function offerTo(device: CloudDevice, toVersion: string, files: FirmwareFiles): UpgradeOffer | string {
  const { productKey, firmwareVersion, tags, attributes } = device;
  const said = tags["board"] ?? attributes["board"];
  const record = fittingFile(files.ofVersion(productKey, toVersion), {
    version: firmwareVersion,
    board: typeof said === "string" ? said : undefined,
  });
  if (typeof record === "string") return record;
  const { version, sign, signMethod, fileUrl, fileSize, board, from } = record;
  return {
    record,
    params: { version, sign, signMethod, fileUrl, fileSize },
    file: {
      ...{ fileUrl, fileSize },
      ...(board === undefined ? {} : { board }),
      ...(from === undefined ? {} : { from }),
    },
  };
}
