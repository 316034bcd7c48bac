export function Worklist() {
  return <main />
}
