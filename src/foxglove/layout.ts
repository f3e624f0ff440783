/**
 * A layout for Foxglove and Lichtblick that shows one pipeline: picture with boxes, both maps, scores against their thresholds, level,
 * events, log, and the bearing in 3D.
 */
export function foxgloveLayout(pipeline: string) {
  const topic = (channel: string) => `/${pipeline}/${channel}`;
  const line = (path: string, label: string, color: string) => ({
    value: topic(path),
    label,
    color,
    enabled: true,
    timestampMethod: "receiveTime",
  });
  const image = (channel: string, more: object) => ({
    imageMode: { imageTopic: topic(channel), ...more },
    cameraState: {},
    followMode: "follow-pose",
    scene: {},
    transforms: {},
    topics: {},
    layers: {},
    publish: {},
  });
  const map = (kind: string) =>
    image(`${kind}/map`, { colorMode: "colormap", colorMap: "turbo", minValue: 0 });
  const plot = (title: string, paths: readonly object[], range: object) => ({
    foxglovePanelTitle: title,
    paths,
    ...range,
    showLegend: true,
    legendDisplay: "floating",
    showPlotValuesInLegend: false,
    isSynced: true,
    xAxisVal: "timestamp",
    followingViewWidth: 60,
    showXAxisLabels: true,
    showYAxisLabels: true,
    sidebarDimension: 240,
  });
  return {
    configById: {
      "Image!picture": image("picture", {
        calibrationTopic: topic("calibration"),
        annotations: { [topic("annotations")]: { visible: true } },
      }),
      "Image!sound": { ...map("sound"), foxglovePanelTitle: "Sound" },
      "Image!speech": { ...map("speech"), foxglovePanelTitle: "Speech" },
      "Plot!scores": plot("Scores", [
        line("scores.sound.score", "sound", "#ff6020"),
        line("scores.sound.on", "sound on", "#ffb090"),
        line("scores.speech.score", "speech", "#3090ff"),
        line("scores.speech.on", "speech on", "#98c8ff"),
      ], { minYValue: 0, maxYValue: 1 }),
      "Plot!level": plot("Level", [
        line("scores.level", "level, dBFS", "#a0a0a0"),
        line("scores.gate", "gate, dBFS", "#e0c040"),
      ], { minYValue: -100, maxYValue: 0 }),
      "RawMessages!event": { topicPath: topic("event"), diffEnabled: false },
      "RosOut!log": { topicToRender: topic("log"), searchTerms: [], minLogLevel: 1 },
      "3D!scene": {
        followMode: "follow-pose",
        cameraState: { distance: 5, perspective: true, phi: 60, thetaOffset: 90, fovy: 45 },
        scene: {},
        transforms: {},
        topics: { [topic("scene")]: { visible: true } },
        layers: {},
        publish: {},
      },
    },
    globalVariables: {},
    userNodes: {},
    playbackConfig: { speed: 1 },
    layout: {
      direction: "row",
      splitPercentage: 60,
      first: {
        direction: "column",
        splitPercentage: 55,
        first: "Image!picture",
        second: {
          direction: "column",
          splitPercentage: 60,
          first: "Plot!scores",
          second: "Plot!level",
        },
      },
      second: {
        direction: "column",
        splitPercentage: 30,
        first: { direction: "row", first: "Image!sound", second: "Image!speech" },
        second: {
          direction: "column",
          splitPercentage: 40,
          first: "RawMessages!event",
          second: { direction: "column", first: "RosOut!log", second: "3D!scene" },
        },
      },
    },
  };
}
