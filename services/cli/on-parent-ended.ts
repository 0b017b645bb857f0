/** How often the parent is looked for, in milliseconds. */
const CHECK_EVERY = 500;

/** Calls `onEnded` once, soon after the process that started this one has ended. Keeps no process from ending. */
export function onParentEnded(onEnded: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onEnded();
  }, CHECK_EVERY);
  timer.unref();
}
