export function Learning() {
  return <main />
}
