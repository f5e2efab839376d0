/**
 * The generation of the formats that a firmware leaves behind in flash and in retained memory: of the journal, of the
 * persistent state, of an update's own state log and task, of settings from afar. A new firmware on trial writes them,
 * and should it fail, the one before has to read what it wrote. So an image of another generation is refused unless its
 * maker has said in its signed head that the change is meant.
 *
 * Raise it with a change of such a format that the firmware before cannot read; `npm run update -- pack` puts it into
 * the head.
 */
export const storageGeneration = 1;
