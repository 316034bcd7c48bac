import { Menu } from '@mantine/core'
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { Button } from '@/components/Button'
import { ActionKey } from '@/components/KeyCap'
import type { ActionId } from '@/keys/map'
import { previewUrl } from '@/state/annotation'
import type { SessionView } from '@/state/session'
import type { PaneSpec, PaneState } from '@/viewer/pane'
import { MOST_PRESETS } from '@/viewer/windows'
import { viewName } from './hanging'
import classes from './read.module.css'
import type { Room, RoomView } from './room'

/** One picture with its words in the corners. The preview lies behind until the first frame is there. */
export function PaneFrame({ room, spec, view, session }: { room: Room; spec: PaneSpec; view: RoomView; session: SessionView }) {
  const host = useRef<HTMLDivElement>(null)
  const subscribe = useCallback((listener: () => void) => room.panes.subscribe(spec.id, listener), [room, spec.id])
  const state = useSyncExternalStore(subscribe, () => room.panes.state(spec.id))
  const [hasPreview, setHasPreview] = useState(true)
  useEffect(() => (host.current ? room.viewer.mount(spec, host.current) : undefined), [room, spec])
  const manifest = session.manifests.find((each) => each.stack === spec.stack) ?? view.priors.get(spec.stack)?.manifest
  const interval = spec.isReadOnly ? view.priors.get(spec.stack)?.interval : undefined
  const progress = view.progress.get(spec.stack)
  const alone = room.panes.whyAlone(spec.id)
  const isShown = state?.loading === 'loaded' || state?.loading === 'coarse' || state?.isStill === true
  const isMiddle = state ? state.slice === Math.floor(state.count / 2) : true
  return (
    <section className={classes['pane']} aria-label={viewName(manifest, spec)} data-pane={spec.id}>
      {hasPreview && !isShown && isMiddle && spec.view === 'stack' && <img className={classes['preview']} src={previewUrl(spec.stack)} alt="" onError={() => setHasPreview(false)} />}
      <div ref={host} className={classes['host']} style={{ visibility: isShown ? 'visible' : 'hidden' }} onContextMenu={(event) => event.preventDefault()} />
      {state?.loading === 'failed' && (
        <div className={classes['lost']} role="alert">
          <p>Slice {state.slice + 1} did not arrive. The others can be read.</p>
          <Button size="compact" onClick={() => room.viewer.retry(spec.stack, state.slice)}>
            Try again
          </Button>
        </div>
      )}
      <div className={classes['topLeft']}>
        {interval === undefined ? <SeriesMenu room={room} spec={spec} session={session} name={viewName(manifest, spec)} /> : <b data-prior>{interval}</b>}
        <br />
        {state && `slice ${state.slice + 1} of ${state.count}`}
        {manifest && thickness(manifest, spec)}
        {state?.loading === 'coarse' && <span className={classes['why']}>low resolution: the slice is on its way</span>}
        {alone && <span className={classes['why']}>{alone}</span>}
        <RegionWords room={room} stack={spec.stack} />
        {interval !== undefined && <span className={classes['why']}>{viewName(manifest, spec)}, for looking only</span>}
        {manifest?.notVolumeReason && <span className={classes['why']}>{manifest.notVolumeReason} It is read slice by slice, without other planes.</span>}
      </div>
      <div className={classes['topRight']}>
        <Corner room={room} spec={spec} state={state} view={view} />
      </div>
      {state?.letters && (
        <>
          <span className={classes['letter']} data-side="left">{state.letters.left}</span>
          <span className={classes['letter']} data-side="right">{state.letters.right}</span>
          <span className={classes['letter']} data-side="top">{state.letters.top}</span>
          <span className={classes['letter']} data-side="bottom">{state.letters.bottom}</span>
        </>
      )}
      {state?.loading === 'loaded' && !state.letters && <span className={classes['letter']} data-side="top">no orientation known</span>}
      <ScaleBar state={state} hasRegions={Boolean(manifest?.regions?.length)} />
      {progress && progress.loaded < progress.total && (
        <div className={classes['progress']} role="progressbar" aria-valuemin={0} aria-valuemax={progress.total} aria-valuenow={progress.loaded} aria-label="Images loaded">
          <i style={{ width: `${(100 * progress.loaded) / progress.total}%` }} />
          <span>
            image {progress.loaded} of {progress.total}
          </span>
        </div>
      )}
    </section>
  )
}

/** Says that only a part is loaded, how much is saved by it, and loads the rest. */
function RegionWords({ room, stack }: { room: Room; stack: string }) {
  const region = room.panes.regionOf(stack)
  if (!region) return null
  return (
    <span className={classes['why']} data-region>
      spine region, {megabytes(region.bytes)} of {megabytes(region.wholeBytes)}
      <button type="button" className={classes['cornerLink']} onClick={() => room.panes.loadWhole(stack)}>
        load the whole
      </button>
    </span>
  )
}

const megabytes = (bytes: number): string => (bytes < 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.round(bytes / 1e6)} MB`)

const thickness = (manifest: SessionView['manifests'][number], spec: PaneSpec): string => {
  const spacing = manifest.geometry?.spacing
  return spec.view === 'stack' && spacing ? ` · ${(spacing[0] ?? 0).toFixed(1)} mm` : ''
}

function Corner({ room, spec, state, view }: { room: Room; spec: PaneSpec; state: PaneState | null; view: RoomView }) {
  const presets = room.viewer.presets(spec.stack)
  const spacing = room.session.manifest(spec.stack)?.geometry?.spacing
  const shown = `${view.presets.get(spec.stack) ?? presets[0]?.label ?? 'Window'} ${state?.window ? `W ${Math.round(state.window.width)} L ${Math.round(state.window.center)}` : ''}`.trim()
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <button type="button" className={classes['cornerButton']} aria-label={`Window preset: ${shown}`}>
            {shown}
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {presets.map((preset, i) => (
            <Menu.Item
              key={preset.label}
              onClick={() => room.panes.setPreset(spec.stack, preset.label)}
              rightSection={
                <span className="t3">
                  {`${Math.round(preset.width)} / ${Math.round(preset.center)}`} {i < MOST_PRESETS && <ActionKey action={`read.window.${i + 1}` as ActionId} />}
                </span>
              }
            >
              {preset.label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <br />
      {spacing && `${(spacing[1] ?? 0).toFixed(2)} × ${(spacing[2] ?? 0).toFixed(2)} mm`}
      {state && state.mmPerPixel > 0 && ` · ${state.zoom.toFixed(1)}×`}
    </>
  )
}

function SeriesMenu({ room, spec, session, name }: { room: Room; spec: PaneSpec; session: SessionView; name: string }) {
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target>
        <button type="button" className={classes['cornerButton']} aria-label={`${name}: hang another series here`}>
          <b>{name}</b>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {session.manifests.flatMap((manifest) => {
          const views = manifest.kind === 'volume' ? (['stack', 'sagittal', 'axial', 'coronal'] as const).filter((view) => view !== manifest.plane) : (['stack'] as const)
          return views.map((view) => (
            <Menu.Item key={`${manifest.stack} ${view}`} onClick={() => room.panes.hang(spec.id, manifest.stack, view)}>
              {viewName(manifest, { ...spec, view })}
              {view === 'stack' && <span className="t3"> as it was made</span>}
            </Menu.Item>
          ))
        })}
      </Menu.Dropdown>
    </Menu>
  )
}

const LONGEST_PX = 140
const LENGTHS = [200, 100, 50, 20, 10, 5, 2, 1]

function ScaleBar({ state, hasRegions }: { state: PaneState | null; hasRegions: boolean }) {
  if (!state || state.mmPerPixel <= 0) return null
  if (!state.isCalibrated) return <span className={classes['scale']}>{hasRegions ? 'millimetres inside the calibrated part only' : 'not calibrated: no millimetres'}</span>
  const mm = LENGTHS.find((each) => each / state.mmPerPixel <= LONGEST_PX) ?? 1
  return (
    <span className={classes['scale']}>
      <i style={{ width: mm / state.mmPerPixel }} />
      {mm} mm
    </span>
  )
}
