/** A bound of a ratio: the figure of Packhouse divided by that of the other. */
export interface Bound {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** The bounds of a measurement against each of the others. */
export interface Budget {
  readonly verdaccio?: Bound;
  readonly bare?: Bound;
  readonly nginx?: Bound;
  /** Against another measurement of Packhouse itself, or of the figure alone. */
  readonly itself?: Bound;
}

/** The budgets. A measurement without one is only reported. */
export const budgets = {
  packument10: { verdaccio: { atLeast: 20 }, bare: { atLeast: 0.5 } },
  packument500: { verdaccio: { atLeast: 200 }, bare: { atLeast: 0.5 } },
  index: { bare: { atLeast: 0.5 } },
  listGrowth: { itself: { atMost: 4 } },
  growth: { itself: { atMost: 1.1 } },
  firstRead: { itself: { atMost: 3 } },
  tarball100k: { bare: { atLeast: 0.8 } },
  tarball5m: { bare: { atLeast: 0.9 } },
  download: { nginx: { atLeast: 0.6 } },
  upload: { bare: { atLeast: 0.6 } },
  transferMemory: { itself: { atMost: 250 } },
  publish: { bare: { atLeast: 0.6 } },
  startUp: { verdaccio: { atMost: 0.5 } },
  idleMemory: { verdaccio: { atMost: 1 } },
  firstEvent: { bare: { atMost: 1.5 } },
  projectTrips: { itself: { atMost: 2 } },
  groupTrips: { itself: { atMost: 3 } },
} as const satisfies Record<string, Budget>;
