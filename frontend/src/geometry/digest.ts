/** Lower-case hex SHA-256, the name of bytes everywhere in Columna. */
export const sha256 = async (data: Uint8Array<ArrayBuffer>): Promise<string> => {
  const hash = await crypto.subtle.digest('SHA-256', data)
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
