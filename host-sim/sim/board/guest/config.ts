/**
 * `mc/config`: the configuration of the build, here from the boot event.
 */
import { configuration } from "./power";

export default configuration();
