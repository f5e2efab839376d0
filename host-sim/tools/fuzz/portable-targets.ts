/** The targets that need nothing of Node's: these run on XS as well. */
import { answersTarget } from "./answers";
import { atTarget } from "./at";
import { blocksTarget } from "./blocks";
import { chunkTarget } from "./chunk";
import { endpointTarget } from "./endpoint";
import { flashTarget } from "./flash-image";
import { packageTarget } from "./package";
import { remoteSettingsTarget } from "./remote-settings";
import { retainedTarget } from "./retained";
import { settingsTarget } from "./settings";
import { stateTarget } from "./state";
import type { Target } from "./target";

export const portableTargets: readonly Target[] = [
  endpointTarget,
  blocksTarget,
  answersTarget,
  atTarget,
  flashTarget,
  retainedTarget,
  settingsTarget,
  stateTarget,
  remoteSettingsTarget,
  packageTarget,
  chunkTarget,
];
