// Folding and unfolding all steps. The page can be read without it.
{
const steps = [...document.querySelectorAll(".step > details")], [contents, fold] = document.querySelectorAll("#contents, #fold");
fold.hidden = !steps[0];
fold.onclick = ({ target: { type, value } }) => type && steps.forEach(step => step.open = value);
contents.open = matchMedia("(min-width: 70rem)").matches;
}
