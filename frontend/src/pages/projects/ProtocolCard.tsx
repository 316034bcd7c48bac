export function ProtocolCard({ slug }: { slug: string }) {
  return slug === '' ? null : null
}
