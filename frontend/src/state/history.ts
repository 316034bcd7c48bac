/** What can be taken back, in order; nothing is ever lost by looking back and forth. */
export const HISTORY_DEPTH = 500

export class History<Act> {
  private readonly done: Act[] = []
  private undone: Act[] = []

  constructor(private readonly depth = HISTORY_DEPTH) {}

  get undoable(): number {
    return this.done.length
  }

  get redoable(): number {
    return this.undone.length
  }

  push(act: Act): void {
    this.done.push(act)
    if (this.done.length > this.depth) this.done.shift()
    this.undone = []
  }

  undo(take: (act: Act) => Act | null): Act | null {
    return this.move(this.done, this.undone, take)
  }

  redo(take: (act: Act) => Act | null): Act | null {
    return this.move(this.undone, this.done, take)
  }

  private move(from: Act[], to: Act[], take: (act: Act) => Act | null): Act | null {
    const act = from.at(-1)
    if (act === undefined) return null
    const moved = take(act)
    if (moved === null) return null
    from.pop()
    to.push(moved)
    return moved
  }

  clear(): void {
    this.done.length = 0
    this.undone = []
  }
}
