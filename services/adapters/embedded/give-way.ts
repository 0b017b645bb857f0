/** Lets other work have its turn when this one has taken too long. */
export type GiveWay = () => Promise<void>;

/**
 * Returns a function that waits for the next turn of the event loop if the current turn has lasted for more than
 * `longest` milliseconds since the function was first called in it. To be called between parts of synchronous work.
 */
export function givingWay(longest: number): GiveWay {
  let began: number | undefined;
  const end = () => {
    began = undefined;
  };
  return async () => {
    if (began === undefined) {
      began = performance.now();
      setImmediate(end);
    }
    if (performance.now() - began >= longest) await new Promise((resolve) => setImmediate(resolve));
  };
}
