/** The name of a firmware file among its product's. */

/** Which file of a product. */
export interface FirmwareName {
  readonly version: string;
  /** For devices of this board; left out: for all. */
  readonly board?: string;
  /** A difference from this version; left out: all of the firmware. */
  readonly from?: string;
}
