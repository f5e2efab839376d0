/**
 * Steps of XS by what happens in a turn, see processor.ts: made from runs on XS by
 * `npm run bench -- --only processor --update`, and not by hand.
 */
export const processorTable = {
  turns: {
    start: 0,
    wake: 11168.1,
    timer: 1022.8,
    "serial received": 2636.3,
    "serial kept": 122.2,
    "serial writable": 172.6,
    pin: 0,
  },
  sleeping: {
    start: 0,
    wake: 0,
    timer: 363.8,
    "serial received": 530.6,
    "serial kept": 0,
    "serial writable": 0,
    pin: 0,
  },
  line: 1141.6,
  byte: 35.5,
  commands: {
    trace: [1680.8, 12.6],
    serialWrite: [2295.7, 1.2],
    pinWrite: [264.7, 0],
    digest: [0, 129.5],
    cipher: [15736.6, 0],
    keyRead: [0, 13.4],
    keyWrite: [0, 43.2],
    clockSet: [307.3, 0],
    flashRead: [406, 0],
    flashWrite: [5072.5, 87.7],
    deepSleep: [5526.4, 0],
    retainedRead: [0, 4.4],
    retainedWrite: [172.9, 0],
    retainedCrc32: [2122.6, 0],
    digestPart: [388.8, 0],
    hmac: [0, 18],
    stagingRead: [5801.8, 0],
    stagingWrite: [0, 81.2],
    imageRead: [239.8, 0.5],
    imageWrite: [7785, 0],
  },
} as const;
