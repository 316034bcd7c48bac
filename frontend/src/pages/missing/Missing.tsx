export function Missing() {
  return <main />
}
