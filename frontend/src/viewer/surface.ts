import { FROM_THE_LEFT, pick, turned, type Look, type Mesh } from '@/geometry/mesh'
import { side, scale, type Vec3 } from '@/geometry/vector'

const VERTEX = `#version 300 es
in vec3 point; in vec3 normal;
uniform mat3 turn; uniform vec3 centre; uniform vec2 zoom; uniform float depth;
out vec3 facing;
void main() {
  vec3 seen = turn * (point - centre);
  facing = turn * normal;
  gl_Position = vec4(seen.xy * zoom, -seen.z / depth, 1.0);
}`
const FRAGMENT = `#version 300 es
precision mediump float;
in vec3 facing; uniform vec3 colour; uniform float glow; out vec4 shade;
void main() {
  vec3 n = normalize(facing);
  float light = 0.30 + 0.55 * max(dot(n, normalize(vec3(-0.35, 0.45, 0.82))), 0.0) + 0.15 * max(n.z, 0.0);
  shade = vec4(mix(colour, vec3(1.0), glow) * light, 1.0);
}`

export interface MeshStyle {
  readonly colour: string
  readonly isVisible: boolean
  readonly isActive: boolean
}

interface Uploaded {
  readonly mesh: Mesh
  readonly array: WebGLVertexArrayObject
}

const DRAG_PX = 4
const TURN_PER_PX = 0.008

const rgb = (colour: string): [number, number, number] => {
  const value = Number.parseInt(colour.replace('#', ''), 16)
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255]
}

/** The spine as meshes, to be turned and pointed at. It draws itself when something changes, and only then. */
export class SurfaceView {
  private gl: WebGL2RenderingContext | null = null
  private program: WebGLProgram | null = null
  private meshes: readonly Mesh[] = []
  private uploaded: Uploaded[] = []
  private style: (mesh: Mesh) => MeshStyle = ({ colour }) => ({ colour, isVisible: true, isActive: false })
  private look: Look = FROM_THE_LEFT
  private centre: Vec3 = [0, 0, 0]
  /** mm from the middle to the upper edge. */
  private half = 100
  private extent = 200
  private isPending = false
  private held: { x: number; y: number; far: boolean } | null = null
  private readonly observer = new ResizeObserver(() => this.redraw())

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly picked: (segment: number, point: Vec3) => void,
    private readonly drawn: (letters: { left: string; right: string; top: string; bottom: string }) => void,
  ) {
    this.begin()
    canvas.addEventListener('webglcontextlost', this.lost)
    canvas.addEventListener('webglcontextrestored', this.begin)
    canvas.addEventListener('pointerdown', this.down)
    canvas.addEventListener('pointermove', this.move)
    canvas.addEventListener('pointerup', this.up)
    canvas.addEventListener('wheel', this.wheel, { passive: false })
    canvas.addEventListener('keydown', this.key)
    this.observer.observe(canvas)
  }

  /** Whether this browser can draw it at all. */
  get isAble(): boolean {
    return this.gl !== null
  }

  private readonly lost = (event: Event): void => {
    event.preventDefault()
    this.uploaded = []
  }

  private readonly begin = (): void => {
    const gl = this.canvas.getContext('webgl2', { antialias: true, alpha: true, preserveDrawingBuffer: true })
    this.gl = gl
    if (!gl) return
    const program = gl.createProgram()
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
      const shader = gl.createShader(kind)
      if (!shader) return
      gl.shaderSource(shader, source)
      gl.compileShader(shader)
      gl.attachShader(program, shader)
    }
    gl.linkProgram(program)
    this.program = program
    this.upload()
    this.redraw()
  }

  /** Show these meshes; the way they are looked at stays unless there were none before. */
  setMeshes(meshes: readonly Mesh[]): void {
    const isFirst = !this.meshes.length
    this.meshes = meshes
    if (isFirst) this.fit()
    this.upload()
    this.redraw()
  }

  setStyle(style: (mesh: Mesh) => MeshStyle): void {
    this.style = style
    this.redraw()
  }

  private fit(): void {
    const low = [Infinity, Infinity, Infinity]
    const high = [-Infinity, -Infinity, -Infinity]
    for (const { points } of this.meshes) {
      points.forEach((value, i) => {
        low[i % 3] = Math.min(low[i % 3] ?? value, value)
        high[i % 3] = Math.max(high[i % 3] ?? value, value)
      })
    }
    if (!this.meshes.length) return
    this.centre = low.map((value, axis) => (value + (high[axis] ?? value)) / 2) as unknown as Vec3
    const size = low.map((value, axis) => (high[axis] ?? value) - value)
    this.extent = Math.hypot(...size) || 100
    this.half = Math.max(...size) * 0.55 || 100
  }

  /** Look at it as it was first looked at. */
  reset(): void {
    this.look = FROM_THE_LEFT
    this.fit()
    this.redraw()
  }

  private upload(): void {
    const { gl, program } = this
    if (!gl || !program) return
    for (const { array } of this.uploaded) gl.deleteVertexArray(array)
    this.uploaded = this.meshes.map((mesh) => {
      const array = gl.createVertexArray()
      gl.bindVertexArray(array)
      for (const [name, data] of [['point', mesh.points], ['normal', mesh.normals]] as const) {
        gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer())
        gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW)
        const place = gl.getAttribLocation(program, name)
        gl.enableVertexAttribArray(place)
        gl.vertexAttribPointer(place, 3, gl.FLOAT, false, 0, 0)
      }
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer())
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.triangles, gl.STATIC_DRAW)
      return { mesh, array }
    })
  }

  redraw(): void {
    if (this.isPending) return
    this.isPending = true
    requestAnimationFrame(() => {
      this.isPending = false
      this.draw()
    })
  }

  private draw(): void {
    const { gl, program, canvas, look } = this
    if (!gl || !program || gl.isContextLost()) return
    const ratio = window.devicePixelRatio || 1
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio))
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio))
    gl.viewport(0, 0, canvas.width, canvas.height)
    gl.clearColor(0, 0, 0, 1)
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT)
    gl.enable(gl.DEPTH_TEST)
    gl.useProgram(program)
    const { right, up, eye } = look
    const place = (name: string) => gl.getUniformLocation(program, name)
    gl.uniformMatrix3fv(place('turn'), false, [right[0], up[0], eye[0], right[1], up[1], eye[1], right[2], up[2], eye[2]])
    gl.uniform3f(place('centre'), ...this.centre)
    gl.uniform2f(place('zoom'), canvas.height / canvas.width / this.half, 1 / this.half)
    gl.uniform1f(place('depth'), this.extent)
    for (const { mesh, array } of this.uploaded) {
      const style = this.style(mesh)
      if (!style.isVisible) continue
      gl.uniform3f(place('colour'), ...rgb(style.colour))
      gl.uniform1f(place('glow'), style.isActive ? 0.45 : 0)
      gl.bindVertexArray(array)
      gl.drawElements(gl.TRIANGLES, mesh.triangles.length, gl.UNSIGNED_INT, 0)
    }
    gl.bindVertexArray(null)
    this.drawn({ left: side(scale(right, -1)), right: side(right), top: side(up), bottom: side(scale(up, -1)) })
  }

  private readonly down = (event: PointerEvent): void => {
    if (event.button !== 0) return
    this.canvas.setPointerCapture(event.pointerId)
    this.held = { x: event.clientX, y: event.clientY, far: false }
  }

  private readonly move = (event: PointerEvent): void => {
    const { held } = this
    if (!held) return
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y]
    if (!held.far && Math.hypot(dx, dy) < DRAG_PX) return
    this.held = { x: event.clientX, y: event.clientY, far: true }
    this.turn(dx * TURN_PER_PX, dy * TURN_PER_PX)
  }

  private readonly up = (event: PointerEvent): void => {
    const { held } = this
    this.held = null
    if (held && !held.far) this.pickAt(event.clientX, event.clientY)
  }

  turn(across: number, down: number): void {
    this.look = turned(this.look, across, down)
    this.redraw()
  }

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault()
    this.zoom(event.deltaY < 0 ? 1.12 : 1 / 1.12)
  }

  zoom(by: number): void {
    this.half = Math.max(5, Math.min(this.extent * 3, this.half / by))
    this.redraw()
  }

  private readonly key = (event: KeyboardEvent): void => {
    const way = ({ ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, -0.2], ArrowDown: [0, 0.2] } as Partial<Record<string, readonly [number, number]>>)[event.key]
    if (!way) return
    event.preventDefault()
    event.stopPropagation()
    this.turn(...way)
  }

  private pickAt(clientX: number, clientY: number): void {
    const box = this.canvas.getBoundingClientRect()
    const mm = (2 * this.half) / box.height
    const shown = this.meshes.filter((mesh) => this.style(mesh).isVisible)
    const found = pick(shown, this.centre, this.look, (clientX - box.left - box.width / 2) * mm, (box.top + box.height / 2 - clientY) * mm)
    if (found) this.picked(found.segment, found.point)
  }

  dispose(): void {
    this.observer.disconnect()
    this.canvas.removeEventListener('webglcontextlost', this.lost)
    this.canvas.removeEventListener('webglcontextrestored', this.begin)
    this.canvas.removeEventListener('pointerdown', this.down)
    this.canvas.removeEventListener('pointermove', this.move)
    this.canvas.removeEventListener('pointerup', this.up)
    this.canvas.removeEventListener('wheel', this.wheel)
    this.canvas.removeEventListener('keydown', this.key)
    this.gl?.getExtension('WEBGL_lose_context')?.loseContext()
  }
}
