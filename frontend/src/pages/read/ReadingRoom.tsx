import { useParams } from 'react-router'

export function ReadingRoom() {
  const { caseId } = useParams()
  return <main aria-label="Reading room" data-case={caseId} />
}
