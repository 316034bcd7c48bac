export function Datasets() {
  return <main />
}
