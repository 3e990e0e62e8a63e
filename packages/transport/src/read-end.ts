/** Whether a read is being dealt with, and what is to happen at its end. One list serves the process: reads come one after the other. */
let isReading = false
const tasks: ((() => void) | undefined)[] = []
let taskCount = 0

/**
 * Runs `task` when the read that is being dealt with is over, so that all its packets leave together; where none is, after what is
 * running now. A tick of the runtime for each small packet would cost as much as reading it.
 */
export function atReadEnd(task: () => void): void {
  if (!isReading) {
    process.nextTick(task)
    return
  }
  tasks[taskCount] = task
  taskCount += 1
}

/** Deals with one read of a socket, and with what is due after it. */
export function dealWithRead<A, B>(deal: (a: A, b: B) => void, a: A, b: B): void {
  isReading = true
  try {
    deal(a, b)
  } finally {
    isReading = false
    runTasks()
  }
}

function runTasks(): void {
  let at = 0
  try {
    while (at < taskCount) {
      const task = tasks[at]
      tasks[at] = undefined
      at += 1
      task?.()
    }
  } finally {
    // One that fails does not take the others with it.
    for (; at < taskCount; at += 1) {
      const task = tasks[at]
      tasks[at] = undefined
      if (task) process.nextTick(task)
    }
    taskCount = 0
  }
}
