export function Intake() {
  return <main />
}
